import { gating } from './health-gate/gating.ts';
import { resuming } from './health-gate/resuming.ts';

export { seedPipeline as seed } from './health-gate/sample-pipeline.ts';

/** Short enough for a reminder to be sent at once: with the defaults it is the sweep that comes near enough. */
export const parameters = { HealthGateCoolDownMinutes: '3', HealthGateJitterMinutes: '2' };

export default [...gating, ...resuming];
