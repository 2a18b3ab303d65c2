import type { Json, Template } from '../template.ts';
import type { Pack, Wing } from './pack-rules.ts';

/** A rule, a change that breaks it, and the offence it must then report. */
export interface Mutation<T> {
  readonly rule: string;
  readonly change: string;
  readonly make: (target: T) => void;
  readonly offence: RegExp;
}

function of(template: Template, type: string): Json {
  const found = Object.values(template.Resources).find(({ Type }) => Type === type);
  if (!found) throw new Error(`There is no ${type} in the template`);
  return found.Properties;
}

function add(template: Template, id: string, Type: string, Properties: Json): void {
  template.Resources[id] = { Type, Properties };
}

function firstFunction(template: Template): Json {
  return of(template, 'AWS::Lambda::Function');
}

/** The statements of the first role that has some of its own. */
function statements(template: Template): Json[] {
  const roles = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::IAM::Role');
  const policies = roles.flatMap(({ Properties }) => Properties.Policies ?? []);
  return policies.find(
    ({ PolicyName, PolicyDocument }: Json) =>
      PolicyDocument.Statement[0].Sid && PolicyName !== 'InvokeBySchedule',
  ).PolicyDocument.Statement;
}

/** Breaks every queue that has a redrive policy: a queue of dead letters would not count. */
function eachRedrivenQueue(template: Template, make: (queue: Json) => void): void {
  for (const { Type, Properties } of Object.values(template.Resources)) {
    if (Type === 'AWS::SQS::Queue' && Properties.RedrivePolicy) make(Properties);
  }
}

const FAILURES = 'keeps what an asynchronous caller could not deliver, unless it carries credentials';
const TARGETS =
  'gives every rule, schedule and subscription a dead-letter queue and bounded retries, unless it carries secrets';
const REDRIVE = 'redrives every queue into one that keeps its messages for fourteen days';
const TIMES = 'gives a queue time for its function, and its retries time before its retention ends';
const LOGS = 'logs JSON into a log group of its own that forgets';
const APIS = 'logs and throttles every HTTP API';
const NODE = 'runs every function on Node 24 and arm64';
const RESOURCES = 'gives every function its memory and its time-out';
const SHORT = 'makes no name that must be short of the name of the stack';
const NAMED = 'names the resources that its actions act on';
const KEYS = 'tests only condition keys that its actions have';
const TAGS = 'requires a tag only of resources that can have it';
const DEPENDENT = 'allows the actions that its actions depend on';
const KEPT = 'keeps what hosts mount a file system through, and what backups lie in';

/** One line or more for every rule on the transformed template. */
export const TEMPLATE_MUTATIONS: readonly Mutation<Template>[] = [
  {
    rule: 'traces every function',
    change: 'tracing passes through',
    make: (template) => Object.assign(firstFunction(template), { TracingConfig: { Mode: 'PassThrough' } }),
    offence: /is not traced/,
  },
  {
    rule: RESOURCES,
    change: 'no time-out',
    make: (template) => delete firstFunction(template).Timeout,
    offence: /default memory or time-out/,
  },
  {
    rule: RESOURCES,
    change: 'no memory',
    make: (template) => delete firstFunction(template).MemorySize,
    offence: /default memory or time-out/,
  },
  {
    rule: NODE,
    change: 'an old runtime',
    make: (template) => Object.assign(firstFunction(template), { Runtime: 'nodejs20.x' }),
    offence: /is not nodejs24\.x/,
  },
  {
    rule: NODE,
    change: 'x86',
    make: (template) => Object.assign(firstFunction(template), { Architectures: ['x86_64'] }),
    offence: /on arm64/,
  },
  {
    rule: 'says what every function is for',
    change: 'no description',
    make: (template) => delete firstFunction(template).Description,
    offence: /has no description/,
  },
  {
    rule: LOGS,
    change: 'plain text',
    make: (template) => Object.assign(firstFunction(template).LoggingConfig, { LogFormat: 'Text' }),
    offence: /does not log JSON/,
  },
  {
    rule: LOGS,
    change: "Lambda's own log group",
    make: (template) => delete firstFunction(template).LoggingConfig.LogGroup,
    offence: /has no log group/,
  },
  {
    rule: LOGS,
    change: 'one log group for two functions',
    make: (template) => {
      template.Resources.Another = structuredClone({
        Type: 'AWS::Lambda::Function',
        Properties: firstFunction(template),
      });
    },
    offence: /Another shares the log group/,
  },
  {
    rule: LOGS,
    change: 'endless retention',
    make: (template) => delete of(template, 'AWS::Logs::LogGroup').RetentionInDays,
    offence: /keeps its lines without a limit/,
  },
  {
    rule: FAILURES,
    change: 'no destination',
    make: (template) => delete of(template, 'AWS::Lambda::EventInvokeConfig').DestinationConfig,
    offence: /no failure destination/,
  },
  {
    rule: FAILURES,
    change: 'a destination for a pipeline job',
    make: (template) =>
      statements(template).push({ Sid: 'Job', Action: 'codepipeline:PutJobFailureResult', Resource: '*' }),
    offence: /keeps events with credentials/,
  },
  {
    rule: TARGETS,
    change: 'a rule without a dead-letter queue',
    make: (template) => delete of(template, 'AWS::Events::Rule').Targets[0].DeadLetterConfig,
    offence: /target .*has no dead-letter queue/,
  },
  {
    rule: TARGETS,
    change: 'a rule without a retry policy',
    make: (template) => delete of(template, 'AWS::Events::Rule').Targets[0].RetryPolicy,
    offence: /retries for a day/,
  },
  {
    rule: TARGETS,
    change: 'a schedule without a dead-letter queue',
    make: (template) => delete of(template, 'AWS::Scheduler::Schedule').Target.DeadLetterConfig,
    offence: /has no dead-letter queue/,
  },
  {
    rule: TARGETS,
    change: 'a subscription without a dead-letter queue',
    make: (template) => delete of(template, 'AWS::SNS::Subscription').RedrivePolicy,
    offence: /has no dead-letter queue/,
  },
  {
    rule: REDRIVE,
    change: 'queues without a redrive policy',
    make: (template) => eachRedrivenQueue(template, (queue) => delete queue.RedrivePolicy),
    offence: /has no redrive policy/,
  },
  {
    rule: REDRIVE,
    change: 'dead letters kept for four days',
    make: (template) => {
      for (const { Properties } of Object.values(template.Resources))
        delete Properties?.MessageRetentionPeriod;
    },
    offence: /forgets dead letters/,
  },
  {
    rule: 'reports the items of a batch that failed',
    change: 'all or nothing',
    make: (template) => delete of(template, 'AWS::Lambda::EventSourceMapping').FunctionResponseTypes,
    offence: /fails a whole batch/,
  },
  {
    rule: TIMES,
    change: 'messages that come back while their batch runs',
    make: (template) =>
      eachRedrivenQueue(template, (queue) => Object.assign(queue, { VisibilityTimeout: 5 })),
    offence: /hides messages for 5 s/,
  },
  {
    rule: TIMES,
    change: 'more receives than the retention has room for',
    make: (template) =>
      eachRedrivenQueue(template, ({ RedrivePolicy }) =>
        Object.assign(RedrivePolicy, { maxReceiveCount: 1000 }),
      ),
    offence: /drops messages/,
  },
  {
    rule: TIMES,
    change: 'a rule that outlives its queue',
    make: (template) =>
      Object.assign(of(template, 'AWS::Events::Rule').Targets[0].RetryPolicy, {
        MaximumEventAgeInSeconds: 86_400,
      }),
    offence: /delivers events older/,
  },
  {
    rule: APIS,
    change: 'a silent API',
    make: (template) =>
      add(template, 'Stage', 'AWS::ApiGatewayV2::Stage', {
        DefaultRouteSettings: { ThrottlingBurstLimit: 5, ThrottlingRateLimit: 5 },
      }),
    offence: /Stage has no access log/,
  },
  {
    rule: APIS,
    change: 'an unthrottled API',
    make: (template) =>
      add(template, 'Stage', 'AWS::ApiGatewayV2::Stage', { AccessLogSettings: { DestinationArn: 'arn' } }),
    offence: /Stage is not throttled/,
  },
  {
    rule: APIS,
    change: 'a function URL for everybody',
    make: (template) => add(template, 'Url', 'AWS::Lambda::Url', { AuthType: 'NONE' }),
    offence: /Url cannot be throttled/,
  },
  {
    rule: 'lets a service invoke a function only for a source in this account',
    change: "anyone's topic",
    make: (template) => add(template, 'Open', 'AWS::Lambda::Permission', { Principal: 'sns.amazonaws.com' }),
    offence: /Open names no source/,
  },
  {
    rule: 'names no action by a wildcard',
    change: 'a wildcard',
    make: (template) => Object.assign(statements(template)[0], { Action: 'dynamodb:*' }),
    offence: /allows dynamodb:\*/,
  },
  {
    rule: 'names only actions that exist',
    change: 'a misspelt action',
    make: (template) => Object.assign(statements(template)[0], { Action: ['sns:Publish', 'sns:Publsh'] }),
    offence: /allows sns:Publsh, which does not exist/,
  },
  {
    rule: 'names only actions that exist',
    change: 'a misspelt service',
    make: (template) => Object.assign(statements(template)[0], { Action: 'snss:Publish' }),
    offence: /allows snss:Publish, which does not exist/,
  },
  {
    rule: 'scopes every action that can be scoped',
    change: 'a topic for all',
    make: (template) => statements(template).push({ Sid: 'TellAll', Action: 'sns:Publish', Resource: '*' }),
    offence: /TellAll allows sns:Publish, which can be scoped/,
  },
  {
    rule: NAMED,
    change: 'a pipeline in place of its stages',
    make: (template) =>
      statements(template).push({
        Sid: 'Retry',
        Effect: 'Allow',
        Action: 'codepipeline:RetryStageExecution',
        Resource: { 'Fn::Sub': 'arn:${AWS::Partition}:codepipeline:${AWS::Region}:${AWS::AccountId}:orders' },
      }),
    offence: /Retry allows codepipeline:RetryStageExecution, and names no stage/,
  },
  {
    rule: NAMED,
    change: 'stages in place of their pipeline',
    make: (template) =>
      statements(template).push({
        Sid: 'Read',
        Effect: 'Allow',
        Action: 'codepipeline:GetPipelineState',
        Resource: { 'Fn::Sub': 'arn:aws:codepipeline:*:*:*/*' },
      }),
    offence: /Read names arn:aws:codepipeline:\*:\*:\*\/\*, on which none of its actions acts/,
  },
  {
    rule: NAMED,
    change: 'an ARN for an action without resources',
    make: (template) =>
      statements(template).push({
        Sid: 'Ask',
        Effect: 'Allow',
        Action: 'health:DescribeEvents',
        Resource: { 'Fn::If': ['OwnTopic', '*', 'arn:aws:health:*::event/*'] },
      }),
    offence: /Ask allows health:DescribeEvents, which acts on '\*' only/,
  },
  {
    rule: KEYS,
    change: 'a key of another action',
    make: (template) =>
      statements(template).push({
        Sid: 'Pass',
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Resource: '*',
        Condition: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
      }),
    offence: /Pass tests iam:PassedToService, which sqs:SendMessage does not have/,
  },
  {
    rule: TAGS,
    change: 'a tag of a stage',
    make: (template) =>
      statements(template).push({
        Sid: 'Retry',
        Effect: 'Allow',
        Action: 'codepipeline:RetryStageExecution',
        Resource: 'arn:aws:codepipeline:*:*:*/*',
        Condition: { StringEquals: { 'aws:ResourceTag/groundcrew:resume': 'true' } },
      }),
    offence: /Retry requires a tag for codepipeline:RetryStageExecution: a stage cannot have tags/,
  },
  {
    rule: DEPENDENT,
    change: 'a restore whose role is not passed',
    make: (template) =>
      statements(template).push({ Sid: 'Restore', Effect: 'Allow', Action: 'backup:StartRestoreJob' }),
    offence: /allows backup:StartRestoreJob without iam:PassRole/,
  },
  {
    rule: DEPENDENT,
    change: 'a workflow step that a customer key may encrypt',
    make: (template) =>
      statements(template).push({
        Sid: 'Read',
        Effect: 'Allow',
        Action: 'imagebuilder:GetWorkflowStepExecution',
      }),
    offence: /allows imagebuilder:GetWorkflowStepExecution without kms:Decrypt/,
  },
  {
    rule: 'guards ForAllValues, which holds where its key is missing',
    change: 'tags that may be missing',
    make: (template) =>
      statements(template).push({
        Sid: 'Tag',
        Effect: 'Allow',
        Action: 'ec2:DeleteTags',
        Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a'] } },
      }),
    offence: /Tag needs Null: \{ aws:TagKeys/,
  },
  {
    rule: 'lets a function publish only named events of its wing',
    change: 'events of any type',
    make: (template) =>
      statements(template).push({
        Sid: 'Publish',
        Effect: 'Allow',
        Action: 'events:PutEvents',
        Condition: { 'ForAllValues:StringEquals': { 'events:source': 'a' } },
      }),
    offence: /Publish allows any events:detail-type/,
  },
  {
    rule: 'matches the stack of its own events, which share the bus with those of other stacks',
    change: 'events of every stack',
    make: (template) =>
      add(template, 'Everyones', 'AWS::Events::Rule', {
        EventPattern: { source: ['groundcrew.spot-cordon'], detail: { next: ['ask'] } },
      }),
    offence: /Everyones matches the events of every stack/,
  },
  {
    rule: 'lets CloudFormation name everything, or the stack',
    change: 'a fixed name',
    make: (template) => Object.assign(firstFunction(template), { FunctionName: 'groundcrew-cordon' }),
    offence: /is named "groundcrew-cordon"/,
  },
  {
    rule: 'lets CloudFormation name everything, or the stack',
    change: 'a name that differs by Region alone',
    make: (template) =>
      Object.assign(firstFunction(template), { FunctionName: { 'Fn::Sub': 'x-${AWS::Region}' } }),
    offence: /a second stack would clash/,
  },
  {
    rule: SHORT,
    change: "a vault with the stack's name",
    make: (template) =>
      Object.assign(of(template, 'AWS::Backup::BackupVault'), {
        BackupVaultName: { 'Fn::Sub': '${AWS::StackName}-builds' },
      }),
    offence: /BuildBackupVault may get a name that is too long/,
  },
  {
    rule: SHORT,
    change: "a plan with the stack's name",
    make: (template) =>
      Object.assign(of(template, 'AWS::Backup::BackupPlan').BackupPlan, {
        BackupPlanName: { 'Fn::Sub': '${AWS::StackName}-builds' },
      }),
    offence: /BuildBackupPlan may get a name that is too long/,
  },
  ...['BuildFileSystem', 'BuildMountTargetB', 'BuildSecurityGroupMembers', 'BuildSubnetA', 'BuildVpc'].map(
    (id): Mutation<Template> => ({
      rule: KEPT,
      change: `${id} that goes with the wing`,
      make: ({ Resources }) => delete Resources[id]?.DeletionPolicy,
      offence: new RegExp(`${id} is not RetainExceptOnCreate`),
    }),
  ),
  {
    rule: KEPT,
    change: 'a vault that a failed deployment leaves behind',
    make: ({ Resources }) => Object.assign(Resources.BuildBackupVault ?? {}, { DeletionPolicy: 'Retain' }),
    offence: /BuildBackupVault is not RetainExceptOnCreate/,
  },
  {
    rule: KEPT,
    change: 'a route table that hosts are cut off without',
    make: (template) => add(template, 'Routes', 'AWS::EC2::RouteTable', {}),
    offence: /Routes is not RetainExceptOnCreate/,
  },
  {
    rule: KEPT,
    change: 'a group that goes when it is replaced',
    make: ({ Resources }) => delete Resources.BuildSecurityGroup?.UpdateReplacePolicy,
    offence: /BuildSecurityGroup does not stay when it is replaced/,
  },
];

function firstBlock({ template }: Wing): Json {
  return Object.values(template.Resources).find(({ Type }) => Type === 'AWS::Serverless::Function');
}

function interfaceOf({ template }: Wing): Json {
  return template.Metadata['AWS::CloudFormation::Interface'];
}

function sarOf({ template }: Wing): Json {
  return template.Metadata['AWS::ServerlessRepo::Application'];
}

function replaceAll(texts: Record<string, string>, text: string): void {
  for (const name of Object.keys(texts)) texts[name] = text;
}

const ANATOMY = 'writes every function block in the same order';
const HANDLERS = 'has a block for every handler and a handler for every block';
const CONDITIONS = 'refers only to what is deployed, whatever its parameters';
const PARAMETERS = 'describes, groups, labels and uses every parameter';
const COMMON = 'has the common parameters, and is a dry run by default';
const SIZE = "keeps a function's variables below 4 KB";
const BOUNDARIES = 'bounds every role';
const STACK = 'names the stack in every alarm on a metric of the pack';
const VARIABLES = 'sets the variables that a function reads, and no others';
const SIDS = 'gives every statement a Sid of its own';
const METRICS = 'names only metrics that its functions write, or that AWS publishes';
const DASHBOARD = 'shows its alarms and logs on a dashboard that is off by default';
const ALARMS = 'sends every alarm to a heading of docs/operating.md';
const WATCHED = 'watches its functions, schedules and queues';
const PUBLISHING = 'can be published';
const SAMCONFIG = 'overrides in samconfig.toml only parameters that exist, with values they allow';

/** Replaces a text in the body of the wing's dashboard, everywhere. */
function inDashboard({ template }: Wing, from: string, to: string): void {
  const body = template.Resources['WingDashboard']?.Properties.DashboardBody['Fn::Sub'];
  if (!body[0].includes(from)) throw new Error(`The dashboard has no ${from}`);
  body[0] = body[0].replaceAll(from, to);
}

/** One line or more for every rule on a wing's template and the files around it. */
export const WING_MUTATIONS: readonly Mutation<Wing>[] = [
  {
    rule: METRICS,
    change: 'a misspelt metric in a widget',
    make: (wing) => inDashboard(wing, '"StepFailed"', '"StepsFailed"'),
    offence: /"What failed" names Groundcrew StepsFailed .*which no function writes/,
  },
  {
    rule: METRICS,
    change: 'a misspelt severity in the name of a metric',
    make: (wing) => inDashboard(wing, '"Cordoned.rebalance"', '"Cordoned.rebalanced"'),
    offence: /names Groundcrew Cordoned\.rebalanced .*which no function writes/,
  },
  {
    rule: METRICS,
    change: 'the metric of another function',
    make: (wing) =>
      inDashboard(wing, '"DrainHeld", "service", "CordonInstances"', '"DrainHeld", "service", "MailCordons"'),
    offence: /names Groundcrew DrainHeld .*which no function writes/,
  },
  {
    rule: METRICS,
    change: 'a metric without the stack',
    make: (wing) =>
      inDashboard(wing, '"UncordonInstances", "stack", "${AWS::StackName}"', '"UncordonInstances"'),
    offence: /names Groundcrew Uncordoned .*which no function writes/,
  },
  {
    rule: METRICS,
    change: 'a metric that AWS does not have',
    make: (wing) => inDashboard(wing, '"ApproximateAgeOfOldestMessage"', '"AgeOfOldestMessage"'),
    offence: /names AWS\/SQS AgeOfOldestMessage .*which AWS does not publish/,
  },
  {
    rule: METRICS,
    change: 'the dimension of another service',
    make: (wing) =>
      inDashboard(wing, '"FunctionName", "${CordonInstances}"', '"QueueName", "${CordonInstances}"'),
    offence: /names AWS\/Lambda Errors .*which AWS does not publish/,
  },
  {
    rule: METRICS,
    change: 'a misspelt metric in an alarm',
    make: ({ template }) => {
      for (const { Type, Properties } of Object.values(template.Resources))
        if (Type === 'AWS::CloudWatch::Alarm' && Properties.MetricName) Properties.MetricName += 's';
    },
    offence: /OverdueAlarm names Groundcrew Overdues .*which no function writes/,
  },
  {
    rule: DASHBOARD,
    change: 'a dashboard by default',
    make: ({ template }) => Object.assign(template.Parameters['Dashboard'], { Default: 'true' }),
    offence: /the dashboard is on by default/,
  },
  {
    rule: DASHBOARD,
    change: 'a dashboard that no parameter switches on',
    make: ({ template }) => delete template.Resources['WingDashboard']?.Condition,
    offence: /there is no dashboard that a parameter switches on/,
  },
  {
    rule: DASHBOARD,
    change: 'an alarm that the dashboard does not show',
    make: (wing) => inDashboard(wing, '"${OverdueAlarm.Arn}", ', ''),
    offence: /the dashboard does not show OverdueAlarm/,
  },
  {
    rule: DASHBOARD,
    change: 'a conditional alarm that the dashboard does not show',
    make: (wing) => inDashboard(wing, '${FallBackAlarms}', ''),
    offence: /the dashboard does not show FallBackRunMissingAlarm/,
  },
  {
    rule: DASHBOARD,
    change: 'a field that nothing logs in a widget',
    make: (wing) => inDashboard(wing, 'max(secondsAfterEvent)', 'max(secondsAfterwards)'),
    offence: /asks for secondsAfterwards, which no function logs/,
  },
  {
    rule: DASHBOARD,
    change: 'a field that nothing logs in a saved query',
    make: ({ template }) => {
      const query = template.Resources['OutcomesQuery']?.Properties;
      query.QueryString = query.QueryString.replace('severity', 'severeness');
    },
    offence: /OutcomesQuery asks for severeness, which no function logs/,
  },
  {
    rule: DASHBOARD,
    change: 'the log of something else',
    make: (wing) => inDashboard(wing, "SOURCE '${CordonInstancesLogs}'", "SOURCE '${Cordons}'"),
    offence: /reads a log group of no function/,
  },
  {
    rule: ANATOMY,
    change: 'the description last',
    make: (pack) => {
      const { Description, ...rest } = firstBlock(pack).Properties;
      firstBlock(pack).Properties = { ...rest, Description };
    },
    offence: /properties are not in the order/,
  },
  {
    rule: ANATOMY,
    change: 'the metadata last',
    make: (pack) => {
      const { Metadata, ...rest } = firstBlock(pack);
      for (const key of Object.keys(firstBlock(pack))) delete firstBlock(pack)[key];
      Object.assign(firstBlock(pack), rest, { Metadata });
    },
    offence: /is not written Type, Metadata/,
  },
  {
    rule: ANATOMY,
    change: 'no time-out of its own',
    make: (pack) => delete firstBlock(pack).Properties.Timeout,
    offence: /has no Timeout/,
  },
  {
    rule: ANATOMY,
    change: 'the log group elsewhere',
    make: ({ template }) => {
      const id = Object.keys(template.Resources).find((name) => name.endsWith('Logs')) ?? '';
      const group = template.Resources[id];
      delete template.Resources[id];
      if (group) template.Resources[id] = group;
    },
    offence: /is not followed by/,
  },
  {
    rule: HANDLERS,
    change: 'a handler without a block',
    make: ({ handlers }) => handlers.push('land-instances/handler.ts'),
    offence: /land-instances\/handler\.ts has no block/,
  },
  {
    rule: HANDLERS,
    change: 'a block without a handler',
    make: (pack) => Object.assign(firstBlock(pack).Metadata, { Entry: 'gone/handler.ts' }),
    offence: /has no handler gone/,
  },
  {
    rule: CONDITIONS,
    change: 'an output that stays behind',
    make: ({ template }) => Object.assign(template.Outputs, { Own: { Value: { Ref: 'Notifications' } } }),
    offence: /Own refers to Notifications, which is not there with/,
  },
  {
    rule: CONDITIONS,
    change: 'a reference to nothing',
    make: ({ template }) =>
      Object.assign(template.Outputs, { Lost: { Value: { 'Fn::Sub': 'x/${Nowhere.Arn}' } } }),
    offence: /Lost refers to Nowhere/,
  },
  {
    rule: PARAMETERS,
    change: 'a parameter out of nowhere',
    make: ({ template }) => Object.assign(template.Parameters, { Extra: { Type: 'String' } }),
    offence: /Extra has no description/,
  },
  {
    rule: PARAMETERS,
    change: 'a parameter that nothing uses',
    make: ({ template }) => Object.assign(template.Parameters, { Extra: { Type: 'String' } }),
    offence: /Extra is not used/,
  },
  {
    rule: PARAMETERS,
    change: 'a parameter in two groups',
    make: (pack) => interfaceOf(pack).ParameterGroups.push({ Parameters: ['LogLevel'] }),
    offence: /LogLevel is not in one group/,
  },
  {
    rule: PARAMETERS,
    change: 'a parameter without a label',
    make: (pack) => delete interfaceOf(pack).ParameterLabels.LogLevel,
    offence: /LogLevel has no label/,
  },
  {
    rule: PARAMETERS,
    change: 'a label for nothing',
    make: (pack) => Object.assign(interfaceOf(pack).ParameterLabels, { Gone: { default: 'x' } }),
    offence: /there is no parameter Gone/,
  },
  {
    rule: VARIABLES,
    change: 'a variable that is read and not set',
    make: (pack) => delete firstBlock(pack).Properties.Environment.Variables.DRY_RUN,
    offence: /reads DRY_RUN, which is not set/,
  },
  {
    rule: VARIABLES,
    change: 'a variable that is set and not read',
    make: (pack) => Object.assign(firstBlock(pack).Properties.Environment.Variables, { DRYRUN: 'true' }),
    offence: /does not read DRYRUN/,
  },
  {
    rule: VARIABLES,
    change: 'a variable for all that none reads',
    make: ({ template }) => Object.assign(template.Globals.Function.Environment.Variables, { IDLE: 'x' }),
    offence: /no function reads IDLE/,
  },
  {
    rule: VARIABLES,
    change: 'no bundles',
    make: ({ bundles }) => replaceAll(bundles, ''),
    offence: /is not built/,
  },
  {
    rule: SIDS,
    change: 'a statement without a Sid',
    make: (pack) => delete firstBlock(pack).Properties.Policies[0].Statement[0].Sid,
    offence: /has a statement without a Sid/,
  },
  {
    rule: SIDS,
    change: 'the same Sid twice',
    make: (pack) => {
      const { Statement } = firstBlock(pack).Properties.Policies[0];
      Statement.push(Statement[0]);
    },
    offence: /has two statements/,
  },
  {
    rule: ALARMS,
    change: 'a heading that is not there',
    make: (wing) => Object.assign(wing, { operating: '# Operating' }),
    offence: /docs\/operating\.md has no heading/,
  },
  {
    rule: ALARMS,
    change: 'an alarm that says nothing',
    make: ({ template }) => delete of(template, 'AWS::CloudWatch::Alarm').AlarmDescription,
    offence: /does not link to/,
  },
  {
    rule: ALARMS,
    change: 'an alarm that notifies nobody',
    make: ({ template }) => delete of(template, 'AWS::CloudWatch::Alarm').AlarmActions,
    offence: /notifies nobody/,
  },
  {
    rule: ALARMS,
    change: 'an alarm with OK actions',
    make: ({ template }) => {
      of(template, 'AWS::CloudWatch::Alarm').OKActions = ['arn'];
    },
    offence: /would tell OK whenever it is new/,
  },
  {
    rule: ALARMS,
    change: 'an alarm that says [page] and only mails',
    make: ({ template }) => {
      const alarm = of(template, 'AWS::CloudWatch::Alarm');
      alarm.AlarmDescription['Fn::Sub'] = alarm.AlarmDescription['Fn::Sub'].replace(/^\[\w+\]/, '[page]');
      alarm.AlarmActions = ['arn'];
    },
    offence: /pages, or says so, but not both/,
  },
  {
    rule: WATCHED,
    change: 'no alarm on throttles',
    make: ({ template }) => delete template.Resources['FunctionThrottlesAlarm'],
    offence: /no alarm on Throttles of CordonInstances/,
  },
  {
    rule: WATCHED,
    change: 'a queue that nobody watches',
    make: ({ template }) => delete template.Resources['AdvisoryQueueAgeAlarm'],
    offence: /no alarm on the queue AdvisoryQueue/,
  },
  {
    rule: WATCHED,
    change: 'a schedule whose absence nobody sees',
    make: ({ template }) => delete template.Resources['ScheduledRunMissingAlarm'],
    offence: /no alarm on a missing scheduled run of UncordonInstances/,
  },
  {
    rule: WATCHED,
    change: 'an alarm that is over without a word',
    make: ({ template }) => delete template.Resources['AlarmOverRule'],
    offence: /AlarmOverRule does not report that/,
  },
  {
    rule: WATCHED,
    change: 'a function whose events Lambda drops',
    make: ({ template }) => {
      const dropping = { DestinationConfig: { Ref: 'AWS::NoValue' } };
      Object.assign(of(template, 'AWS::Serverless::Function'), { EventInvokeConfig: dropping });
    },
    offence: /no alarm on events that Lambda drops for CordonInstances/,
  },
  {
    rule: 'describes its functions and parameters in its README',
    change: 'an empty README',
    make: (wing) => Object.assign(wing, { readme: '' }),
    offence: /does not describe CordonInstances/,
  },
  {
    rule: PUBLISHING,
    change: 'a long description',
    make: (pack) => Object.assign(sarOf(pack), { Description: 'x'.repeat(257) }),
    offence: /longer than 256/,
  },
  {
    rule: PUBLISHING,
    change: 'no licence',
    make: (pack) => delete sarOf(pack).LicenseUrl,
    offence: /has no LicenseUrl/,
  },
  {
    rule: PUBLISHING,
    change: 'another version',
    make: (pack) => Object.assign(sarOf(pack), { SemanticVersion: '9.9.9' }),
    offence: /as in package\.json/,
  },
  {
    rule: PARAMETERS,
    change: 'a long description',
    make: ({ template }) => Object.assign(template.Parameters.Scope, { Description: 'x'.repeat(121) }),
    offence: /description of Scope is longer than 120/,
  },
  {
    rule: COMMON,
    change: 'a wing that acts by default',
    make: ({ template }) => Object.assign(template.Parameters.DryRun, { Default: 'false' }),
    offence: /DryRun is not true by default/,
  },
  {
    rule: COMMON,
    change: 'a common parameter that is missing',
    make: ({ template }) => delete template.Parameters.LogLevel,
    offence: /there is no LogLevel/,
  },
  {
    rule: SIZE,
    change: 'a text without a bound',
    make: (wing) => {
      Object.assign(wing.template.Parameters, { Long: { Type: 'String', Default: '' } });
      Object.assign(firstBlock(wing).Properties.Environment.Variables, { LONG: { Ref: 'Long' } });
    },
    offence: /CordonInstances may have \d+ bytes of variables/,
  },
  {
    rule: BOUNDARIES,
    change: 'functions without a boundary',
    make: ({ template }) => delete template.Globals.Function.PermissionsBoundary,
    offence: /the functions have no boundary/,
  },
  {
    rule: BOUNDARIES,
    change: 'a schedule whose role SAM makes',
    make: ({ template }) =>
      delete template.Resources.UncordonInstances?.Properties.Events.Sweep.Properties.RoleArn,
    offence: /SAM makes a role for the schedule UncordonInstancesSweep/,
  },
  {
    rule: BOUNDARIES,
    change: 'a role without a boundary',
    make: ({ template }) =>
      Object.assign(template.Resources, { Reader: { Type: 'AWS::IAM::Role', Properties: {} } }),
    offence: /the role Reader has no boundary/,
  },
  {
    rule: BOUNDARIES,
    change: 'functions whose roles have no path',
    make: ({ template }) => delete template.Globals.Function.RolePath,
    offence: /the roles of the functions have no path/,
  },
  {
    rule: BOUNDARIES,
    change: 'a role without a path',
    make: ({ template }) => delete template.Resources.SchedulesRole?.Properties.Path,
    offence: /the role SchedulesRole has no path/,
  },
  {
    rule: STACK,
    change: 'an alarm on the metrics of every stack',
    make: ({ template }) =>
      Object.assign(template.Resources, {
        Loud: {
          Type: 'AWS::CloudWatch::Alarm',
          Properties: {
            Namespace: 'Groundcrew',
            Dimensions: [{ Name: 'service', Value: 'CordonInstances' }],
          },
        },
      }),
    offence: /Loud does not name the stack/,
  },
];

function firstApplication({ root }: Pack): Json {
  return Object.values(root.Resources).find(({ Type }) => Type === 'AWS::Serverless::Application');
}

const SWITCHES = 'deploys every wing, each with its own switch';
const PASSED = 'passes only parameters that a wing has, and all that it needs';
const SMALL = 'stays small';

/** One line or more for every rule on the root template. */
export const PACK_MUTATIONS: readonly Mutation<Pack>[] = [
  {
    rule: SWITCHES,
    change: 'a wing that the root leaves out',
    make: ({ wings }) => Object.assign(wings, { 'runway-lights': wings['spot-cordon'] }),
    offence: /the root does not deploy runway-lights/,
  },
  {
    rule: SWITCHES,
    change: 'a wing that is always deployed',
    make: (pack) => delete firstApplication(pack).Condition,
    offence: /does not depend on SpotCordon/,
  },
  {
    rule: SWITCHES,
    change: 'a wing that is none',
    make: (pack) => {
      firstApplication(pack).Properties.Location = 'functions/runway-lights/template.yaml';
    },
    offence: /SpotCordonWing is no wing/,
  },
  {
    rule: PASSED,
    change: 'a parameter that the wing lacks',
    make: (pack) => Object.assign(firstApplication(pack).Properties.Parameters, { Scoop: 'tagged' }),
    offence: /passes Scoop, which spot-cordon lacks/,
  },
  {
    rule: PASSED,
    change: 'a needed parameter that is not passed',
    make: ({ wings }) =>
      Object.assign(wings['spot-cordon']?.template.Parameters ?? {}, { Must: { Type: 'String' } }),
    offence: /SpotCordonWing does not pass Must/,
  },
  {
    rule: SMALL,
    change: 'too many parameters',
    make: ({ root }) => Object.assign(root.Parameters, { Extra: { Type: 'String', Default: '' } }),
    offence: /the root has 17 parameters/,
  },
  {
    rule: SMALL,
    change: 'too many lines',
    make: (pack) => {
      pack.rootText += '#\n'.repeat(50);
    },
    offence: /the root has \d+ lines/,
  },
  {
    rule: 'deploys each function in one wing only',
    change: 'a function in two wings',
    make: ({ wings }) => Object.assign(wings, { 'runway-lights': wings['spot-cordon'] }),
    offence: /CordonInstances is declared twice/,
  },
  {
    rule: SAMCONFIG,
    change: 'a wing without an environment',
    make: (pack) => {
      pack.samconfig = pack.samconfig.replaceAll('[spot-cordon.', '[spot.');
    },
    offence: /has no environment spot-cordon/,
  },
  {
    rule: SAMCONFIG,
    change: 'a parameter that is none',
    make: (pack) =>
      Object.assign(pack, { samconfig: '[prod.deploy.parameters]\nparameter_overrides = "DryRn=false"' }),
    offence: /DryRn, which is no parameter/,
  },
  {
    rule: SAMCONFIG,
    change: 'a value that is none',
    make: (pack) =>
      Object.assign(pack, {
        samconfig: '[spot-cordon.deploy.parameters]\nparameter_overrides = "LogLevel=LOUD"',
      }),
    offence: /sets LogLevel to LOUD/,
  },
  {
    rule: SAMCONFIG,
    change: 'a line that is no TOML',
    make: (pack) => Object.assign(pack, { samconfig: 'stack_name = groundcrew' }),
    offence: /cannot read stack_name/,
  },
];
