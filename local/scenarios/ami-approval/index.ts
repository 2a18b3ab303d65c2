import { deciding } from './decide.ts';
import { executing } from './execute.ts';
import { links } from './links.ts';
import { asking } from './request.ts';

export { parameters } from './builds.ts';
export { seedBuild as seed } from './seed.ts';

export default [...asking, ...deciding, ...links, ...executing];
