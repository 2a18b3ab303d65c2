import { making } from './create.ts';
import { large } from './large-fleet.ts';
import { keeping } from './maintain.ts';
import { oddInput } from './odd-input.ts';

export { seedServer as seed } from './seed.ts';

/** The prefix does not depend on the name that the stack has here. */
export const parameters = { Prefix: 'groundcrew-disk-' };

export default [...making, ...keeping, ...oddInput, ...large];
