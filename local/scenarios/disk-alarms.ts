import { keeping } from './disk-alarms/keeping.ts';
import { large } from './disk-alarms/large.ts';
import { making } from './disk-alarms/making.ts';
import { oddInput } from './disk-alarms/odd-input.ts';

export { seedServer as seed } from './disk-alarms/sample-server.ts';

export default [...making, ...keeping, ...oddInput, ...large];
