import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Json, ROOT, readText } from '../support/template.ts';
import { lint } from '../support/templates/cfn-lint.ts';
import { FOLLOW, type Host, openHost } from './host.ts';

// tools/hosts: the ways in which hosts run tools/follow-release.

let host: Host;

beforeEach(() => {
  host = openHost();
  host.stamp('b-1', { 'index.html': 'one' });
  host.promote('../builds/b-1');
});

afterEach(() => host.remove());

const HOSTS = join(ROOT, 'tools/hosts');

/** A follow-release that tells its arguments, one a line, and ends with the status of STATUS. */
const teller = `#!/bin/sh\nprintf '%s\\n' "$@"\nexit "\${STATUS:-0}"\n`;

function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return spawnSync(command, args, { cwd: host.folder, encoding: 'utf8', env: { ...process.env, ...env } });
}

describe('the systemd units', () => {
  const hasSystemd = spawnSync('systemd-analyze', ['--version']).error === undefined;

  it.skipIf(!hasSystemd)('are valid', () => {
    for (const kind of ['service', 'timer']) {
      const unit = fs.readFileSync(join(HOSTS, `follow-release@.${kind}`), 'utf8');
      fs.writeFileSync(
        host.path(`follow-release@prod.${kind}`),
        unit.replace('/usr/local/bin/follow-release', FOLLOW),
      );
    }
    const units = ['service', 'timer'].map((kind) => host.path(`follow-release@prod.${kind}`));
    const ran = run('systemd-analyze', ['verify', '--man=no', ...units]);
    expect(`${ran.stdout}${ran.stderr}`).toBe('');
    expect(ran.status).toBe(0);
  });

  it('name settings for each word of the command', () => {
    const unit = readText('tools/hosts/follow-release@.service');
    const [, command = ''] = /^ExecStart=\S+ (.*)$/m.exec(unit) ?? [];
    expect(command.match(/\w+(?=\}| |$)/g)?.filter((word) => /^[A-Z]+$/.test(word))).toEqual([
      'OPTIONS',
      'HOOK',
      'STORE',
      'FOLDER',
    ]);
    for (const name of ['OPTIONS', 'HOOK', 'STORE', 'FOLDER'])
      expect(unit).toMatch(new RegExp(`^# {3}${name}=`, 'm'));
  });
});

describe('the line for cron', () => {
  it('follows, and says in the journal what it did', () => {
    const [line = ''] = readText('tools/hosts/follow-release.cron')
      .split('\n')
      .filter((one) => one.startsWith('*'));
    const command = line.replace(/^\* \* \* \* \* root /, '');
    host.putCommand('sleep', '');
    host.putCommand('systemctl', `echo "$*" >>${host.path('reloads')}`);
    host.putCommand('logger', `cat >${host.path('journal')}`);
    const here = command
      .replace('/usr/local/bin/follow-release', FOLLOW)
      .replace('/mnt/efs/site', 'store')
      .replace('/srv/site', 'disk/site');
    expect(command).not.toContain('%'); // which cron takes for a line break

    expect(run('sh', ['-c', here], { PATH: `${host.path('bin')}:${process.env['PATH']}` }).status).toBe(0);

    expect(host.live()).toBe('b-1');
    expect(fs.readFileSync(host.path('reloads'), 'utf8')).toBe('reload nginx\n');
    expect(fs.readFileSync(host.path('journal'), 'utf8')).toMatch(
      /^follow-release: prod: none -> b-1 \(1 files copied, 0 unchanged\)\n$/,
    );
  });
});

describe('the SSM document', () => {
  const document = parse(readText('tools/hosts/ssm-document.yaml'));
  const [step] = document.mainSteps;

  it('is what cfn-lint takes for one', async () => {
    const Properties = { Content: document, DocumentType: 'Command', DocumentFormat: 'YAML' };
    const Resources = { Follow: { Type: 'AWS::SSM::Document', Properties } };
    const template: Json = { AWSTemplateFormatVersion: '2010-09-09', Parameters: {}, Resources };
    expect(await lint(host.folder, template)).toEqual([]);
  });

  const values: Readonly<Record<string, string>> = {
    Environment: 'prod',
    Store: '/mnt/efs/site',
    Folder: '/srv/site',
    Key: '',
    Reload: '',
  };

  function runDocument(given: Readonly<Record<string, string>>, status = '0') {
    fs.writeFileSync(host.path('teller'), teller, { mode: 0o755 });
    const script = step.inputs.runCommand
      .join('\n')
      .replace('/usr/local/bin/follow-release', host.path('teller'))
      .replace(/\{\{ (\w+) \}\}/g, (_: string, name: string) => ({ ...values, ...given })[name]);
    return run('sh', ['-c', script], { STATUS: status });
  }

  it.each<[Record<string, string>, readonly string[]]>([
    [{}, ['-w', '600', '/mnt/efs/site', 'prod', '/srv/site']],
    [
      { Key: '/etc/key.pem', Reload: 'nginx' },
      [
        '-w',
        '600',
        '-k',
        '/etc/key.pem',
        '-r',
        'systemctl reload nginx',
        '/mnt/efs/site',
        'prod',
        '/srv/site',
      ],
    ],
  ])('calls the script: %j', (given, expected) => {
    expect(runDocument(given).stdout.trim().split('\n')).toEqual(expected);
  });

  it('fails if the script fails', () => {
    expect(runDocument({}, '5').status).toBe(5);
  });

  it.each(Object.keys(document.parameters))('takes no quotes or commands in %s, and its default', (name) => {
    const { allowedPattern, default: value } = document.parameters[name];
    const pattern = new RegExp(allowedPattern);
    for (const bad of ["x'; id #", '$(id)', 'a b', '`id`', '/x\n/y']) expect(pattern.test(bad)).toBe(false);
    expect(value === undefined || pattern.test(value)).toBe(true);
  });
});

describe('the CodeDeploy revision', () => {
  const appspec = parse(readText('tools/hosts/codedeploy/appspec.yml'));

  it('has the version, the system and scripts that CodeDeploy knows', () => {
    expect([appspec.version, appspec.os, Object.keys(appspec.hooks)]).toEqual([0, 'linux', ['AfterInstall']]);
    for (const { location, timeout } of appspec.hooks.AfterInstall) {
      expect(fs.statSync(join(HOSTS, 'codedeploy', location)).mode & 0o111).toBe(0o111);
      expect(timeout).toBeLessThanOrEqual(3600); // CodeDeploy's limit for all scripts of one event
    }
  });

  function deploy(env: Readonly<Record<string, string>> = {}) {
    const revision = host.path('revision');
    fs.cpSync(join(HOSTS, 'codedeploy'), revision, { recursive: true });
    fs.writeFileSync(join(revision, basename(FOLLOW)), teller, { mode: 0o755 });
    const script = join(revision, appspec.hooks.AfterInstall[0].location);
    return run(script, [], { DEPLOYMENT_GROUP_NAME: 'prod', SETTINGS: host.path('settings'), ...env });
  }

  it('reads the settings of the systemd unit', () => {
    fs.mkdirSync(host.path('settings'));
    const settings = readText('tools/hosts/follow-release@.service')
      .match(/(?<=^# {3})[A-Z]+=.*/gm)
      ?.join('\n');
    fs.writeFileSync(host.path('settings/prod.conf'), `${settings}\n`);

    expect(deploy().stdout.trim().split('\n')).toEqual([
      ...['-w', '600', '-k', '/etc/follow-release/key.pem', '-r', 'systemctl reload nginx'],
      ...['/mnt/efs/site', 'prod', '/srv/site'],
    ]);
    expect(deploy({ STATUS: '5' }).status).toBe(5);
  });

  it('does not go on without settings, which may name a key', () => {
    const ran = deploy();
    expect([ran.status === 0, ran.stdout]).toEqual([false, '']);
  });
});
