import { cordoning } from './spot-cordon/cordoning.ts';
import { oddInput } from './spot-cordon/odd-input.ts';
import { releasing } from './spot-cordon/releasing.ts';
import { storms } from './spot-cordon/storms.ts';

export { seedFleet as seed } from './spot-cordon/sample-fleet.ts';

export default [...cordoning, ...releasing, ...oddInput, ...storms];
