import { copying } from './copy.ts';
import { promoting } from './promote.ts';
import { goingBack } from './rollback.ts';
import { tampering } from './tampering.ts';

export { seedSite as seed } from './seed.ts';

/** Pruning is off by default. */
export const parameters = { CopyFolders: 'live/web', Prune: 'true' };

export default [...promoting, ...tampering, ...goingBack, ...copying];
