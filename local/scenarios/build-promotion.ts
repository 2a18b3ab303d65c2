import { copying } from './build-promotion/copying.ts';
import { goingBack } from './build-promotion/going-back.ts';
import { promoting } from './build-promotion/promoting.ts';
import { tampering } from './build-promotion/tricks.ts';

export { seedSite as seed } from './build-promotion/sample-site.ts';

/** Off by default, and its pruning too. */
export const parameters = {
  DeployBuildPromotion: 'true',
  BuildPromotionCopyFolders: 'live/web',
  BuildPromotionPrune: 'true',
};

export default [...promoting, ...tampering, ...goingBack, ...copying];
