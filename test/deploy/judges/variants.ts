import type { Mapping } from '../../../local/json.ts';
import {
  defaultsOf,
  deployed,
  type Parameters,
  type Template,
  transformTemplates,
} from '../../support/template.ts';

/** A wing's transformed template with the values of one deployment: its conditions are decided. */
export interface Variant {
  readonly wing: string;
  readonly template: Template;
  readonly parameters: Parameters;
  /** What is deployed. Values of resources and parameters are still references. */
  readonly resources: Mapping;
}

const account = '123456789012';
const organization = 'o-0123456789';
const key = `arn:aws:kms:eu-west-1:${account}:key/01234567-89ab-cdef-0123-456789abcdef`;
const pagingTopic = `arn:aws:sns:eu-west-1:${account}:pages`;

/** Values with which everything conditional is deployed. */
const everything: Readonly<Record<string, Parameters>> = {
  'spot-cordon': {
    ReservedConcurrency: '5',
    CompleteHooks: 'true',
    FallBack: 'true',
    FallBackReservedFloor: 'true',
    TerminationPolicy: 'true',
    ServiceRoleSuffixes: 'web,batch,tests',
    PoolMetrics: 'true',
    ChatTopic: 'true',
    PagingTopicArn: pagingTopic,
  },
  'health-gate': {
    OrganizationId: organization,
    CheckHealthUrl: 'true',
    ChatTopic: 'true',
    PagingTopicArn: pagingTopic,
  },
  'disk-alarms': { Prefix: 'disks-', ForecastHours: '48', WarningAlarm: 'composite' },
  'ami-approval': {
    Approvers: ['ann', 'ben', 'cem', 'dan', 'eva'].map((name) => `${name}@example.com`).join(),
    Accounts: account,
    Organizations: `arn:aws:organizations::${account}:organization/${organization}`,
    OrganizationalUnits: `arn:aws:organizations::${account}:ou/${organization}/ou-a1b2-c3d4e5f6`,
    CopyingAccounts: account,
    OwnerEmail: 'owners@example.com',
    BuildTopicArn: `arn:aws:sns:eu-west-1:${account}:image-builds`,
    TopicKeyArn: key,
    WorkflowKeyArn: key,
    SettingsParameter: '/groundcrew/ami-approval/settings',
    PageDomain: 'approvals.example.com/images',
    SignInIssuer: 'https://login.example.com/',
    SignInAudience: 'groundcrew',
    ChatTopic: 'true',
    PagingTopicArn: pagingTopic,
  },
  'build-promotion': { Backup: 'true', HostsReadOnly: 'true', PagingTopicArn: pagingTopic },
};

const everywhere: Parameters = {
  DryRun: 'false',
  NotificationEmail: 'ops@example.com',
  Dashboard: 'true',
  PermissionsBoundaryArn: `arn:aws:iam::${account}:policy/boundary`,
};

/** Each wing twice: with everything, and with its defaults. A judge can object to either. */
export async function readVariants(): Promise<Record<'everything' | 'defaults', readonly Variant[]>> {
  const templates = [...(await transformTemplates())];
  const variant = (wing: string, template: Template, given: Parameters): Variant => {
    const parameters = { ...defaultsOf(template), ...given };
    return { wing, template, parameters, resources: deployed(template, parameters).Resources };
  };
  return {
    everything: templates.map(([wing, template]) =>
      variant(wing, template, { ...everywhere, ...everything[wing] }),
    ),
    defaults: templates.map(([wing, template]) => variant(wing, template, {})),
  };
}
