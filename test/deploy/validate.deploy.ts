import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT } from '../support/template.ts';
import { sam } from './sam.ts';

const environments = [
  'default',
  'spot-cordon',
  'health-gate',
  'disk-alarms',
  'ami-approval',
  'build-promotion',
];

describe('sam validate --lint', () => {
  const home = mkdtempSync(join(tmpdir(), 'groundcrew-validate-'));
  afterAll(() => rmSync(home, { recursive: true }));
  const env = { PATH: process.env['PATH'], HOME: home, AWS_REGION: 'eu-west-1', SAM_CLI_TELEMETRY: '0' };

  it.each(environments)('has no objection to the template of the environment %s', async (environment) => {
    const { code, text } = await sam(['validate', '--lint', '--config-env', environment], { env });

    expect(text).toContain('is a valid SAM Template');
    expect(code).toBe(0);
  });

  // The control: SAM CLI reads what it is given.
  it('objects to a property that does not exist', async () => {
    const text = readFileSync(join(ROOT, 'functions/spot-cordon/template.yaml'), 'utf8');
    const file = join(home, 'template.yaml');
    writeFileSync(file, text.replace('MessageRetentionPeriod: 1209600', 'MessageRetention: 1209600'));

    const result = await sam(['validate', '--lint', '--template', file], { env });

    expect(result.code).not.toBe(0);
    expect(result.text).toContain('E3002');
  });
});
