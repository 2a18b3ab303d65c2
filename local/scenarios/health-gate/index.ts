import { gating } from './gate.ts';
import { resuming } from './resume.ts';

export { seedPipeline as seed } from './seed.ts';

/** Short enough for a reminder to be sent at once: with the defaults it is the sweep that comes near enough. */
export const parameters = { CoolDownMinutes: '3', JitterMinutes: '2' };

export default [...gating, ...resuming];
