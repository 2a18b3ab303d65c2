import { cordoning } from './cordon.ts';
import { oddInput } from './odd-input.ts';
import { storms } from './storms.ts';
import { releasing } from './uncordon.ts';

export { seedFleet as seed } from './seed.ts';

export default [...cordoning, ...releasing, ...oddInput, ...storms];
