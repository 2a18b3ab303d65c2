import { beforeAll, describe, expect, it } from 'vitest';
import {
  asList,
  type Json,
  readTemplate,
  readText,
  runPython,
  type Template,
  transformTemplates,
} from './support/template.ts';

// What CloudFormation calls for a type of resource, as AWS says in the schema of the type. cfn-lint brings the schemas.
const READ_SCHEMAS = `
import json, sys
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER as schemas
handlers = lambda name: schemas.get_resource_schema('us-east-1', name).schema.get('handlers', {})
print(json.dumps({name: {kind: h.get('permissions', []) for kind, h in handlers(name).items()} for name in sys.argv[1:]}))
`;

/** Properties of these types that no template of ours uses, and what their schemas name for them. */
const UNUSED: readonly (readonly [why: string, actions: RegExp])[] = [
  ['no customer key; keys of AWS allow the callers of their service', /^kms:|:(Dis)?[Aa]ssociateKmsKey$/],
  [
    'no stream and no import',
    /^(kinesis|firehose):|^dynamodb:(Enable|Disable|Update)Kinesis|:(Import|DescribeImport)/,
  ],
  [
    'no replica, and no item is written',
    /^dynamodb:(Associate|CreateTableReplica|Query|Scan|(BatchWrite|Delete|Get|Put|Update)Item)/,
  ],
  [
    'no resource policy of a table, no contributor insights',
    /^dynamodb:((Put|Delete)ResourcePolicy|UpdateContributorInsights)$/,
  ],
  [
    'no code signing, layers, capacity providers or versions',
    /^lambda:((?!GetFunctionCodeSigning).*CodeSigning|GetLayer|PassCapacity|PutFunctionScaling|PublishVersion|AssociateRuntime)/,
  ],
  ['the default of the runtime', /^lambda:PutRuntimeManagementConfig$/],
  ['S3 Files is not EFS', /^s3files:/],
  ['metadata and listings that a package does not need', /^s3:(?!GetObject(Version)?$)/],
  [
    'no data protection, field index or bearer token',
    /:(Put|Delete)(DataProtection|Index)Policy$|^logs:PutBearerToken/,
  ],
  [
    'functions write their own logs',
    /^logs:(CreateLogStream|PutLogEvents|DescribeLogStreams|DeleteResourcePolicy)$/,
  ],
  ['no deletion protection', /DeletionProtection$|FileSystemProtection$/],
  [
    'no replication, lifecycle or automatic backup of a file system',
    /^elasticfilesystem:(.*Replication|PutLifecycle|PutBackupPolicy)/,
  ],
  [
    'no lock, notifications or policy of a vault',
    /^backup:(Put|Delete)BackupVault(Lock|Notif|Access)|^backup-storage:Mount$/,
  ],
  [
    'no IPv6, tenancy or encryption control of a VPC',
    /^ec2:(.*VpcEncryption|ModifyVpcTenancy|(Disa|A)ssociateSubnetCidrBlock|DescribeNetworkAcls)/,
  ],
  [
    'no instance, no description of an egress rule',
    /^ec2:(DescribeInstances|UpdateSecurityGroupRuleDescriptionsEgress)$/,
  ],
  ['IAM has no such actions: an API is tagged by PUT and DELETE', /^apigateway:(Tag|Untag)Resource$/],
  ['a role keeps its boundary', /^iam:DeleteRolePermissionsBoundary$/],
];

/** What a schema names for a property that only these wings use. */
const ONLY_IN: readonly (readonly [why: string, actions: RegExp, wings: readonly string[]])[] = [
  [
    'the access log of an API',
    /^logs:(CreateLogDelivery|PutResourcePolicy|DescribeResourcePolicies)$/,
    ['ami-approval'],
  ],
  ['functions in a VPC, with a file system', /^(ec2|elasticfilesystem):/, ['build-promotion']],
  [
    'services that make a role of their own',
    /^iam:CreateServiceLinkedRole$/,
    ['ami-approval', 'build-promotion'],
  ],
];

/** Needed by a deployment, though no schema names it. */
const BESIDES: readonly string[] = [
  // Nested stacks of the root template.
  ...['CreateStack', 'DeleteStack', 'DescribeStacks', 'UpdateStack', 'CreateChangeSet'].map(
    (name) => `cloudformation:${name}`,
  ),
  // docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
  ...['DeleteLogDelivery', 'GetLogDelivery', 'ListLogDeliveries', 'UpdateLogDelivery'].map(
    (name) => `logs:${name}`,
  ),
];

/** The managed policies of the deploy role, and the wings that need them; without wings, all do. */
const POLICIES: Readonly<Record<string, readonly string[]>> = {
  FunctionsPolicy: [],
  EventsPolicy: [],
  ApprovalPagePolicy: ['ami-approval'],
  StorePolicy: ['build-promotion'],
};

const { Resources } = readTemplate(readText('examples/deploy-role.yaml'));
let templates: ReadonlyMap<string, Template>;
let permissions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

beforeAll(async () => {
  templates = await transformTemplates();
  const types = new Set([...templates.values()].flatMap(typesIn));
  permissions = JSON.parse(await runPython('-c', READ_SCHEMAS, ...types));
}, 120_000);

function typesIn(template: Template): string[] {
  return Object.values(template.Resources).map(({ Type }) => Type);
}

function neededBy(wing: string): string[] {
  const template = templates.get(wing);
  if (!template) throw new Error(`${wing} has no template`);
  const actions = typesIn(template).flatMap((type) =>
    ['create', 'read', 'update', 'delete'].flatMap((kind) => permissions[type]?.[kind] ?? []),
  );
  return [...new Set(actions)].filter(
    (action) =>
      !UNUSED.some(([, unused]) => unused.test(action)) &&
      ONLY_IN.every(([, some, wings]) => !some.test(action) || wings.includes(wing)),
  );
}

function allowedBy(ids: readonly string[], resources: Json = Resources): string[] {
  return ids.flatMap((id) =>
    asList(resources[id].Properties.PolicyDocument.Statement).flatMap(({ Action }) => asList(Action)),
  );
}

function missingFor(wing: string, resources: Json = Resources): string[] {
  const ids = Object.keys(POLICIES).filter(
    (id) => POLICIES[id]?.length === 0 || POLICIES[id]?.includes(wing),
  );
  const allowed = allowedBy(ids, resources);
  return neededBy(wing).filter((action) => !allowed.includes(action));
}

const WINGS = ['spot-cordon', 'health-gate', 'disk-alarms', 'ami-approval', 'build-promotion'];

describe('the deploy role', () => {
  it.each(WINGS)('may do what AWS names for each type of resource in %s', (wing) => {
    expect(missingFor(wing)).toEqual([]);
  });

  it('may do nothing else', () => {
    const needed = new Set([...WINGS.flatMap(neededBy), ...BESIDES]);

    expect(allowedBy(Object.keys(POLICIES)).filter((action) => !needed.has(action))).toEqual([]);
  });

  it('is checked: an action that is left out is missed', () => {
    const broken = structuredClone(Resources);
    const [first] = broken['FunctionsPolicy']?.Properties.PolicyDocument.Statement ?? [];
    first.Action = first.Action.filter((action: string) => action !== 'lambda:UpdateFunctionCode');

    expect(missingFor('disk-alarms', broken)).toEqual(['lambda:UpdateFunctionCode']);
  });

  it.each(UNUSED)('leaves out only what a schema names: %s', (_, unused) => {
    const named = Object.values(permissions).flatMap((kinds) => Object.values(kinds).flat());

    expect(named.some((action) => unused.test(action))).toBe(true);
  });

  it('has policies that fit into a managed policy', () => {
    for (const id of [...Object.keys(POLICIES), 'DeployerPolicy']) {
      const text = JSON.stringify(Resources[id]?.Properties.PolicyDocument).replaceAll(
        '${Prefix}',
        'x'.repeat(20),
      );
      expect(text.length, id).toBeLessThan(6144);
    }
  });
});
