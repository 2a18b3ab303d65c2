import { copying } from './copy.ts';
import { promoting } from './promote.ts';
import { goingBack } from './rollback.ts';
import { tampering } from './tampering.ts';

export { seedSite as seed } from './seed.ts';

/** Off by default, and its pruning too. */
export const parameters = {
  DeployBuildPromotion: 'true',
  BuildPromotionCopyFolders: 'live/web',
  BuildPromotionPrune: 'true',
};

export default [...promoting, ...tampering, ...goingBack, ...copying];
