import { checkScenarios } from './check.ts';
import { followScenarios } from './follow.ts';
import { gateScenarios } from './gate.ts';
import { resumeScenarios } from './resume.ts';

export { panel } from './panel.ts';
export { seed } from './seed.ts';

/** Short enough for an immediate reminder. With the defaults, the sweep resumes deployments instead. */
export const parameters = {
  CoolDownMinutes: '3',
  JitterMinutes: '2',
  CheckHealthUrl: 'true',
  ChatTopic: 'true',
};

export default [...gateScenarios, ...checkScenarios, ...resumeScenarios, ...followScenarios];
