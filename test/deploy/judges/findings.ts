import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { accountId, region } from '../../../local/account/account.ts';
import { list, mapping } from '../../../local/json.ts';
import { evaluate } from '../../../local/stack/stack.ts';
import { installJudges } from '../tools/install.ts';
import type { Variant } from './variants.ts';

/** What a judge objects to. */
export interface Finding {
  /** The judge's name of its rule. */
  readonly rule: string;
  /** `<wing>/<resource>`, for a statement of a role `<wing>/<role>/<Sid>`. */
  readonly resource: string;
}

/** Judges the resources of each variant with checkov. */
export function runCheckov(variants: readonly Variant[]): Promise<Finding[]> {
  return inFolder(async (folder) => {
    variants.forEach(({ wing, template, resources }, at) => {
      mkdirSync(join(folder, String(at)));
      const judged = { Parameters: template.Parameters, Resources: resources };
      writeFileSync(join(folder, String(at), `${wing}.json`), JSON.stringify(judged));
    });
    const options = [
      '--framework',
      'cloudformation',
      '--output',
      'json',
      '--compact',
      '--quiet',
      '--skip-download',
    ];
    const text = await runJudge('checkov.main', ['--directory', folder, ...options], folder);
    const { results, summary } = mapping(JSON.parse(text));
    if (!(Number(mapping(summary)['passed']) > 0))
      throw new Error(`checkov judged nothing: ${text.slice(0, 500)}`);
    const failed = list(mapping(results)['failed_checks']).map(mapping);
    return failed.map(({ check_id: rule, file_path: file, resource }) => ({
      rule: String(rule),
      resource: `${basename(String(file), '.json')}/${String(resource).split('.').at(-1)}`,
    }));
  });
}

/** Judges each statement of the roles with parliament, with names and ARNs as CloudFormation would fill them in. */
export function runParliament(variants: readonly Variant[]): Promise<Finding[]> {
  return inFolder(async (folder) => {
    const files = variants.flatMap((variant, at) => writeStatements(join(folder, String(at)), variant));
    const text = await runJudge(
      'parliament.cli',
      ['--json', '--include-community-auditors', '--files', files.join(',')],
      folder,
    );
    const findings = text
      .split('\n')
      .filter(Boolean)
      .map((line) => mapping(JSON.parse(line)));
    return findings.map(({ issue, location }) => ({
      rule: String(issue),
      resource: resourceOf(String(mapping(location)['filepath'])),
    }));
  });
}

/** `<folder>/<wing>/<role>/<Sid>.json` for each statement. @returns the files */
function writeStatements(folder: string, { wing, template, parameters }: Variant): string[] {
  const stack = evaluate(mapping(template), parameters, {
    accountId,
    region,
    stackName: `groundcrew-${wing}`,
    endpoint: 'http://127.0.0.1',
    httpUrl: 'http://127.0.0.1',
  });
  return stack.ofType('AWS::IAM::Role').flatMap(({ id, properties }) =>
    list(properties['Policies'])
      .flatMap((policy) => list(mapping(mapping(policy)['PolicyDocument'])['Statement']))
      .map((statement, at) => {
        const file = join(folder, wing, id, `${mapping(statement)['Sid'] ?? `of-sam-${at}`}.json`);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, JSON.stringify({ Version: '2012-10-17', Statement: [statement] }));
        return file;
      }),
  );
}

const resourceOf = (file: string): string =>
  file
    .replace(/\.json$/, '')
    .split('/')
    .slice(-3)
    .join('/');

/** @returns standard output. The exit code says only whether there are findings. */
async function runJudge(module: string, args: readonly string[], home: string): Promise<string> {
  const python = await installJudges(console.error);
  const env = { PATH: process.env['PATH'], HOME: home, LANG: 'C.UTF-8', BC_SKIP_MAPPING: 'TRUE' };
  return new Promise((resolve, reject) => {
    execFile(python, ['-m', module, ...args], { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (/Traceback/.test(stderr))
        reject(new Error(`${module} fails:\n${stderr.slice(-2000)}`, { cause: error }));
      else resolve(stdout);
    });
  });
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'groundcrew-judges-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
