import { gateScenarios } from './gate.ts';
import { resumeScenarios } from './resume.ts';

export { seed } from './seed.ts';

/** Short enough for an immediate reminder. With the defaults, the sweep resumes deployments instead. */
export const parameters = { HealthGateCoolDownMinutes: '3', HealthGateJitterMinutes: '2' };

export default [...gateScenarios, ...resumeScenarios];
