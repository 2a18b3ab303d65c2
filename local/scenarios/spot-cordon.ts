import { cordoning } from './spot-cordon/cordoning.ts';
import { oddInput } from './spot-cordon/odd-input.ts';
import { releasing } from './spot-cordon/releasing.ts';

export default [...cordoning, ...releasing, ...oddInput];
