import { making } from './create.ts';
import { large } from './large-fleet.ts';
import { keeping } from './maintain.ts';
import { oddInput } from './odd-input.ts';

export { seedServer as seed } from './seed.ts';

export default [...making, ...keeping, ...oddInput, ...large];
