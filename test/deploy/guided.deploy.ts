import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mapping } from '../../local/json.ts';
import { ROOT } from '../support/template.ts';
import { type EmulatedAccount, startEmulatedAccount } from './emulator/account.ts';
import { sam } from './sam.ts';

const wings = ['spot-cordon', 'health-gate', 'disk-alarms', 'ami-approval', 'build-promotion'];

describe('sam deploy --guided', () => {
  let account: EmulatedAccount;
  let project: string;
  beforeAll(async () => {
    account = await startEmulatedAccount('guided');
    project = copyProject();
  });
  afterAll(async () => {
    await account?.close();
    rmSync(project, { recursive: true, force: true });
  });

  /** Answers each question with Enter. Returns how it ended and what it said. */
  const guide = (wing: string): ReturnType<typeof sam> => {
    let read = 0;
    return sam(['deploy', '--guided', '--no-progressbar', '--template', `functions/${wing}/template.yaml`], {
      cwd: project,
      env: account.ministack.env,
      answer: (text) => {
        const [question] = /[^\t\n]*\[[^\]\n]*\]: $/.exec(text.slice(read)) ?? [];
        if (question === undefined) return undefined;
        read = text.length;
        return '\n';
      },
    });
  };
  const statusOf = async (): Promise<unknown> =>
    mapping(await account.ministack.describe('stack', 'sam-app'))['status'];
  const remove = (): ReturnType<typeof sam> =>
    sam(['delete', '--stack-name', 'sam-app', '--no-prompts'], { cwd: project, env: account.ministack.env });

  it.each(wings)('deploys %s when every question is answered with Enter', async (wing) => {
    const { code, text } = await guide(wing);

    // Enter would refuse a page without authentication.
    expect(text).not.toContain('has no authentication');
    expect(code, text.slice(-2000)).toBe(0);
    expect(await statusOf()).toBe('CREATE_COMPLETE');
    await remove();
  });
});

/** SAM CLI saves the answers beside the template, so it gets a copy of what it reads. */
function copyProject(): string {
  const project = mkdtempSync(join(tmpdir(), 'groundcrew-guided-'));
  cpSync(join(ROOT, 'LICENSE'), join(project, 'LICENSE'));
  symlinkSync(join(ROOT, 'dist'), join(project, 'dist'));
  for (const wing of wings) {
    mkdirSync(join(project, 'functions', wing), { recursive: true });
    for (const file of ['template.yaml', 'README.md'])
      cpSync(join(ROOT, 'functions', wing, file), join(project, 'functions', wing, file));
  }
  return project;
}
