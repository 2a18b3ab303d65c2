import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const script = join(import.meta.dirname, '../../../local/cli/check-node.mjs');

function check(version: string): { status: number | null; stdout: string; stderr: string } {
  const pretend = `Object.defineProperty(process.versions, 'node', { value: '${version}' });`;
  const source = `${pretend} await import(${JSON.stringify(script)});`;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', source], { encoding: 'utf8' });
}

test.each(['24.0.0', '26.1.0'])('accepts Node %s without output', (version) => {
  expect(check(version)).toMatchObject({ status: 0, stdout: '', stderr: '' });
});

test.each(['18.19.0', '22.12.0', '23.9.0'])('explains on Node %s how to get Node 24', (version) => {
  const { status, stderr } = check(version);
  expect(status).toBe(1);
  expect(stderr).toContain(`this is Node ${version}`);
  expect(stderr).toContain('npm ci');
  expect(stderr).toContain('--omit=optional');
});
