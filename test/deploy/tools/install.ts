import { join } from 'node:path';
import { installTools } from '../../../local/python/find.ts';

type Progress = (line: string) => void;

const install = (name: string, purpose: string, progress: Progress): Promise<string> =>
  installTools(progress, { requirements: join(import.meta.dirname, `${name}.txt`), purpose });

// Three environments, because these tools pin different versions of boto3.

/** @returns the Python that runs MiniStack, and that has boto3 */
export const installMiniStack = (progress: Progress): Promise<string> =>
  install('ministack', 'MiniStack, an AWS emulator', progress);

/** @returns the Python that runs SAM CLI as the module samcli */
export const installSam = (progress: Progress): Promise<string> => install('sam', 'SAM CLI', progress);

/** @returns the Python that runs checkov and parliament */
export const installJudges = (progress: Progress): Promise<string> =>
  install('judges', 'checkov and parliament', progress);
