import { execFileSync } from 'node:child_process';
import type { BuiltFunction } from '../../build.ts';
import { findPython } from '../../local/python/find.ts';
import type { MeasuredSubject, Progress } from '../measure-ratios.ts';
import { startProcess } from './start-process.ts';

export const PLAIN_PYTHON = 'plain Python';

const CLIENT = /@aws-sdk\/client-([\w-]+)\//;

/** Clients whose package has another name than the service has in boto3. */
const BOTO3_NAMES: Readonly<Record<string, string>> = {
  'auto-scaling': 'autoscaling',
  'elastic-load-balancing': 'elb',
  'elastic-load-balancing-v2': 'elbv2',
  eventbridge: 'events',
};

/** For each function with AWS clients, a Python process that imports boto3 and creates the same clients. */
export async function createPythonSubjects(
  functions: readonly BuiltFunction[],
  progress: Progress,
): Promise<readonly MeasuredSubject[]> {
  const python = await findPythonProgram(progress);
  const variables = { AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench' };
  const subjects = functions.flatMap((built) => {
    const services = listServices(built);
    if (services.length === 0) return [];
    const script = ['import boto3', ...services.map((name) => `boto3.client("${name}")`)].join('\n');
    return [{ name: `boto3 ${built.id}`, run: () => startProcess(python, ['-c', script], variables) }];
  });
  return [{ name: PLAIN_PYTHON, run: () => startProcess(python, ['-c', 'pass'], variables) }, ...subjects];
}

/** The executable itself, because version managers put a slow script in front of it. */
export async function findPythonProgram(progress: Progress): Promise<string> {
  const command = await findPython(progress);
  return execFileSync(command, ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
}

/** The services of the clients in a bundle, as boto3 calls them. */
function listServices({ inputs }: Pick<BuiltFunction, 'inputs'>): readonly string[] {
  const packages = Object.entries(inputs).flatMap(
    ([path, bytes]) => (bytes > 0 && CLIENT.exec(path)?.[1]) || [],
  );
  return [...new Set(packages)].map((name) => BOTO3_NAMES[name] ?? name).toSorted();
}
