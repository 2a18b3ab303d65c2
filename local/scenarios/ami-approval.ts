import { asking } from './ami-approval/asking.ts';
import { deciding } from './ami-approval/deciding.ts';
import { executing } from './ami-approval/executing.ts';
import { links } from './ami-approval/links.ts';

export { parameters } from './ami-approval/builds.ts';
export { seedBuild as seed } from './ami-approval/sample-build.ts';

export default [...asking, ...deciding, ...links, ...executing];
