import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { anchorsOf } from '../docs/anchors.ts';
import { readSources, type Source } from '../docs/source.ts';
import {
  asList,
  defaultsOf,
  deployed,
  type Json,
  type Parameters,
  type Resource,
  ROOT,
  readTemplate,
  readText,
  references,
  type Template,
} from '../template.ts';
import { checkDashboard, checkMetricNames } from './dashboard-rules.ts';
import { findMetricNames } from './metric-names.ts';

/** A wing as it lies on disk: what its rules compare with each other. */
export interface Wing {
  readonly name: string;
  readonly template: Template;
  /** Paths of every <function>/handler.ts, relative to the wing's folder. */
  readonly handlers: string[];
  /** The text of its config.ts, of its README.md with docs/<wing>.md, and of each function's bundle. */
  config: string;
  readme: string;
  readonly bundles: Record<string, string>;
  /** The metrics that each function writes. */
  readonly written: Record<string, readonly string[]>;
  operating: string;
}

/** The root template and what refers to it. */
export interface Pack {
  readonly root: Template;
  rootText: string;
  readonly wings: Record<string, Wing>;
  samconfig: string;
}

export type WingCheck = (wing: Wing) => readonly string[];
export type PackCheck = (pack: Pack) => readonly string[];

export function readPack(): Pack {
  const names = readdirSync(join(ROOT, 'functions'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const rootText = readText('template.yaml');
  const sources = new Map(readSources(['functions', 'shared']).map((source) => [source.path, source]));
  return {
    root: readTemplate(rootText),
    rootText,
    wings: Object.fromEntries(names.map((name) => [name, readWing(name, sources)])),
    samconfig: readText('samconfig.toml'),
  };
}

function readWing(name: string, sources: ReadonlyMap<string, Source>): Wing {
  const folder = `functions/${name}`;
  const template = readTemplate(readText(`${folder}/template.yaml`));
  const functions = readdirSync(join(ROOT, folder), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  return {
    name,
    template,
    handlers: functions
      .map((entry) => `${entry.name}/handler.ts`)
      .filter((path) => existsSync(join(ROOT, folder, path))),
    config: readOrEmpty(`${folder}/config.ts`),
    readme: readOrEmpty(`${folder}/README.md`) + readOrEmpty(`docs/${name}.md`),
    bundles: Object.fromEntries(
      functionsOf(template).map(([id]) => [id, readOrEmpty(`dist/${id}/index.mjs`)]),
    ),
    written: Object.fromEntries(
      functionsOf(template).map(([id, block]) => [
        id,
        findMetricNames(sources, `${folder}/${entryOf(block)}`),
      ]),
    ),
    operating: readText('docs/operating.md'),
  };
}

function readOrEmpty(path: string): string {
  return existsSync(join(ROOT, path)) ? readText(path) : '';
}

/** Parameters that every wing has, with the same meaning. */
const COMMON_PARAMETERS = [
  'NotificationTopicArn',
  'NotificationEmail',
  'DryRun',
  'LogRetentionDays',
  'LogLevel',
  'PermissionsBoundaryArn',
  'RolePath',
  'RulesMayPublish',
  'OperatingGuideUrl',
  'Dashboard',
];
/** Described in docs/operating.md for every wing that has it. */
const ALARM_PARAMETERS = ['PagingTopicArn'];

/** What holds between a wing's template and the files around it. */
export const WING_RULES: Readonly<Record<string, WingCheck>> = {
  'writes every function block in the same order': checkAnatomy,
  'has a block for every handler and a handler for every block': checkHandlers,
  'refers only to what is deployed, whatever its parameters': checkConditions,
  'describes, groups, labels and uses every parameter': checkParameters,
  'has the common parameters, and is a dry run by default': checkCommonParameters,
  "keeps a function's variables below 4 KB": checkEnvironmentSize,
  'sets the variables that a function reads, and no others': checkVariables,
  'gives every statement a Sid of its own': checkSids,
  'bounds every role': checkBoundaries,
  'names the stack in every alarm on a metric of the pack': checkAlarmDimensions,
  'names only metrics that its functions write, or that AWS publishes': checkMetricNames,
  'shows its alarms and logs on a dashboard that is off by default': checkDashboard,
  'sends every alarm to a heading of docs/operating.md': checkAlarms,
  'watches its functions, schedules and queues': checkWatched,
  'describes its functions and parameters in its README': checkReadme,
  'can be published': checkPublishing,
};

/** What holds between the root template, the wings and samconfig.toml. */
export const PACK_RULES: Readonly<Record<string, PackCheck>> = {
  'deploys every wing, each with its own switch': checkSwitches,
  'passes only parameters that a wing has, and all that it needs': checkPassedParameters,
  'stays small': checkRootSize,
  'deploys each function in one wing only': checkFunctionIds,
  'overrides in samconfig.toml only parameters that exist, with values they allow': checkSamconfig,
};

const BLOCK_KEYS = ['Type', 'Metadata', 'Properties'];
const FIRST_KEYS = ['Description', 'CodeUri', 'MemorySize', 'Timeout'];
const OPTIONAL_KEYS = ['ReservedConcurrentExecutions', 'RecursiveLoop', 'VpcConfig', 'FileSystemConfigs'];
const LAST_KEYS = ['LoggingConfig', 'EventInvokeConfig', 'Environment', 'Policies', 'Events'];
const PROPERTY_KEYS = [...FIRST_KEYS, ...OPTIONAL_KEYS, ...LAST_KEYS];
const MUST_KEYS = PROPERTY_KEYS.filter(
  (key) => ![...OPTIONAL_KEYS, 'EventInvokeConfig', 'Events', 'Policies'].includes(key),
);

function functionsOf(template: Template): [string, Resource][] {
  return Object.entries(template.Resources).filter(([, { Type }]) => Type === 'AWS::Serverless::Function');
}

function entryOf({ Metadata }: Resource): string {
  return Metadata?.Entry ?? '(no Metadata.Entry)';
}

function checkAnatomy({ template }: Wing): string[] {
  const ids = Object.keys(template.Resources);
  return functionsOf(template).flatMap(([id, block]) => {
    const keys = Object.keys(block.Properties);
    const missing = MUST_KEYS.filter((key) => !keys.includes(key));
    return [
      ...(`${Object.keys(block)}` === `${BLOCK_KEYS}`
        ? []
        : [`${id} is not written ${BLOCK_KEYS.join(', ')}`]),
      ...(isInOrder(keys, PROPERTY_KEYS)
        ? []
        : [`${id}'s properties are not in the order ${PROPERTY_KEYS.join(', ')}`]),
      ...missing.map((key) => `${id} has no ${key}`),
      ...(ids[ids.indexOf(id) + 1] === `${id}Logs` ? [] : [`${id} is not followed by ${id}Logs`]),
    ];
  });
}

function isInOrder(keys: readonly string[], order: readonly string[]): boolean {
  return `${keys}` === `${order.filter((key) => keys.includes(key))}`;
}

function checkHandlers({ template, handlers }: Wing): string[] {
  const entries = functionsOf(template).map(([id, block]) => [id, entryOf(block)] as const);
  const built = entries.map(([, entry]) => entry);
  return [
    ...entries
      .filter(([, entry]) => !handlers.includes(entry))
      .map(([id, entry]) => `${id} has no handler ${entry}`),
    ...handlers.filter((path) => !built.includes(path)).map((path) => `${path} has no block in the template`),
    ...entries
      .filter(([, entry], at) => built.indexOf(entry) !== at)
      .map(([id, entry]) => `${id} repeats ${entry}`),
  ];
}

/** With every parameter at each of its values, what is deployed refers to nothing that is not. */
function checkConditions({ template }: Wing): string[] {
  return [{}, ...alternatives(template)].flatMap((change) => {
    const left = deployed(template, { ...defaultsOf(template), ...change });
    const gone = Object.keys(template.Resources).filter((id) => !(id in left.Resources));
    return Object.entries({ ...left.Resources, ...left.Outputs }).flatMap(([id, block]) =>
      references(block)
        .filter((reference) => gone.includes(reference) || !isKnown(template, reference))
        .map(
          (reference) => `${id} refers to ${reference}, which is not there with ${JSON.stringify(change)}`,
        ),
    );
  });
}

function alternatives(template: Template): Parameters[] {
  const deciding = new Set(references(Object.values(template.Conditions)));
  return Object.entries(template.Parameters)
    .filter(([name]) => deciding.has(name))
    .flatMap(([name, { AllowedValues = ['', 'something'] }]) =>
      AllowedValues.map((value: unknown) => ({ [name]: String(value) })),
    );
}

function isKnown(template: Template, name: string): boolean {
  return (
    name in template.Resources ||
    name in template.Parameters ||
    name.startsWith('AWS::') ||
    isStageOfApi(template, name) ||
    isRoleOfFunction(template, name)
  );
}

/** SAM makes a role for each function. */
function isRoleOfFunction({ Resources }: Template, name: string): boolean {
  return Resources[name.replace(/Role$/, '')]?.Type === 'AWS::Serverless::Function';
}

/** SAM makes the stage of an HTTP API. */
function isStageOfApi({ Resources }: Template, name: string): boolean {
  return Resources[name.replace(/ApiGatewayDefaultStage$/, '')]?.Type === 'AWS::Serverless::HttpApi';
}

function checkParameters({ template }: Wing): string[] {
  const { ParameterGroups: groups, ParameterLabels: labels } =
    template.Metadata['AWS::CloudFormation::Interface'];
  const grouped: string[] = groups.flatMap(({ Parameters }: Json) => Parameters);
  const used = new Set(
    references([template.Conditions, template.Globals, template.Resources, template.Outputs]),
  );
  const names = Object.keys(template.Parameters);
  return [
    ...names
      .filter((name) => !template.Parameters[name].Description)
      .map((name) => `${name} has no description`),
    ...names
      .filter((name) => template.Parameters[name].Description?.length > 120)
      .map((name) => `the description of ${name} is longer than 120 characters`),
    ...names
      .filter((name) => grouped.filter((one) => one === name).length !== 1)
      .map((name) => `${name} is not in one group`),
    ...names.filter((name) => !labels[name]?.default).map((name) => `${name} has no label`),
    ...names.filter((name) => !used.has(name)).map((name) => `${name} is not used`),
    ...names
      .filter((name) => template.Parameters[name].Default === undefined)
      .map((name) => `${name} has no default`),
    ...[...grouped, ...Object.keys(labels)]
      .filter((name) => !names.includes(name))
      .map((name) => `there is no parameter ${name}`),
  ];
}

/** What Node itself reads. */
const NODES_OWN = ['UV_THREADPOOL_SIZE'];

/** Two functions of a wing share its config: what a function reads of it is what its bundle mentions. */
function checkVariables({ template, config, bundles }: Wing): string[] {
  const common = Object.keys(template.Globals.Function.Environment.Variables);
  const functions = functionsOf(template).flatMap(([id, block]) => {
    const variables = Object.keys(block.Properties.Environment?.Variables ?? {});
    const own = variables.filter((name) => !NODES_OWN.includes(name));
    const bundle = bundles[id] ?? '';
    const reads = variablesOf(config).filter((name) => mentions(bundle, name));
    return [
      ...(bundle ? [] : [`${id} is not built: run npm run build`]),
      ...reads
        .filter((name) => ![...own, ...common].includes(name))
        .map((name) => `${id} reads ${name}, which is not set`),
      ...own.filter((name) => !mentions(bundle, name)).map((name) => `${id} does not read ${name}`),
    ];
  });
  const idle = common.filter((name) => !Object.values(bundles).some((bundle) => mentions(bundle, name)));
  return [...functions, ...idle.map((name) => `no function reads ${name}, which is set for all`)];
}

/** The names in `text('QUEUE_URL')`, `flag('DRY_RUN')` and their like, but for those that Lambda sets itself. */
function variablesOf(config: string): string[] {
  const names = [...config.matchAll(/\b\w+\(\s*'([A-Z][A-Z0-9_]*)'/g)].map(([, name]) => name ?? '');
  return [...new Set(names)].filter((name) => !name.startsWith('AWS_'));
}

function mentions(bundle: string, name: string): boolean {
  return new RegExp(`["'\`.]${name}\\b`).test(bundle);
}

function checkSids({ template }: Wing): string[] {
  return Object.entries(template.Resources).flatMap(([id, { Properties: properties }]) => {
    const statements = [properties, ...asList(properties?.Policies)].flatMap((policy) =>
      asList(policy?.Statement ?? policy?.PolicyDocument?.Statement).flatMap(branchesOf),
    );
    const sids = statements.map(({ Sid }) => Sid);
    return [
      ...sids.filter((sid) => !sid).map(() => `${id} has a statement without a Sid`),
      ...sids
        .filter((sid, at) => sid && sids.indexOf(sid) !== at)
        .map((sid) => `${id} has two statements ${sid}`),
    ];
  });
}

/** A statement that depends on a condition stands in an Fn::If. */
function branchesOf(statement: Json): Json[] {
  const [, ...branches] = statement['Fn::If'] ?? [undefined, statement];
  return branches.filter((branch: Json) => branch.Ref !== 'AWS::NoValue');
}

function checkAlarms({ template, operating }: Wing): string[] {
  const anchors = new Set(anchorsOf(operating));
  return Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm')
    .flatMap(([id, { Properties }]) => {
      const text: string = Properties.AlarmDescription?.['Fn::Sub'] ?? '';
      const anchor = /\$\{OperatingGuideUrl\}#([\w-]+)$/.exec(text)?.[1];
      return [
        ...(asList(Properties.AlarmActions).length > 0 ? [] : [`${id} notifies nobody`]),
        ...(Properties.OKActions === undefined ? [] : [`${id} would tell OK whenever it is new`]),
        ...(/^\[(page|mail)\] /.test(text) ? [] : [`${id} has no severity: [page] or [mail]`]),
        ...(text.startsWith('[page]') === pages(Properties) ? [] : [`${id} pages, or says so, but not both`]),
        ...(anchor === undefined ? [`${id} does not link to docs/operating.md`] : []),
        ...(anchor === undefined || anchors.has(anchor)
          ? []
          : [`docs/operating.md has no heading #${anchor} for ${id}`]),
      ];
    });
}

function pages({ AlarmActions }: Json): boolean {
  return references(AlarmActions ?? []).includes('PagingTopicArn');
}

/** What must not fail in silence. */
function checkWatched({ template }: Wing): string[] {
  const resources = Object.entries(template.Resources);
  const alarms = resources.filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm');
  const metrics = alarms.flatMap(([, { Properties }]) => metricsOf(Properties));
  const dimensions = metrics.flatMap(({ Dimensions, MetricName }) =>
    asList(Dimensions).map(({ Value }) => ({ Value, MetricName })),
  );
  const watched = (id: string, metric: string): boolean =>
    dimensions.some(({ Value, MetricName }) => MetricName === metric && (Value === id || Value?.Ref === id));
  const recoveries = unwrapIfs(template.Resources['AlarmOverRule']?.Properties.EventPattern.resources);
  const functions = functionsOf(template);
  return [
    ...functions.flatMap(([id]) =>
      ['Errors', 'Throttles', 'Failed', 'TimedOut']
        .filter((metric) => !watched(id, metric))
        .map((metric) => `no alarm on ${metric} of ${id}`),
    ),
    ...functions
      .filter(([id, { Properties }]) => isDropping(Properties) && !watched(id, 'AsyncEventsDropped'))
      .map(([id]) => `no alarm on events that Lambda drops for ${id}, which has no dead letters`),
    ...functions
      .filter(([id, { Properties }]) => hasSchedule(Properties) && !watched(id, 'ScheduledRunCompleted'))
      .map(([id]) => `no alarm on a missing scheduled run of ${id}`),
    ...resources
      .filter(
        ([id, { Type }]) =>
          Type === 'AWS::SQS::Queue' && !dimensions.some(({ Value }) => isAttribute(Value, id, 'QueueName')),
      )
      .map(([id]) => `no alarm on the queue ${id}`),
    ...alarms
      .filter(([id]) => !recoveries.some((arn) => isAttribute(arn, id, 'Arn')))
      .map(([id]) => `AlarmOverRule does not report that ${id} is over`),
  ];
}

function isAttribute(value: Json, id: string, name: string): boolean {
  const [resource, attribute] = asList(value?.['Fn::GetAtt']);
  return resource === id && attribute === name;
}

/** Its asynchronous events have no failure destination. */
function isDropping({ EventInvokeConfig }: Json): boolean {
  return EventInvokeConfig?.DestinationConfig?.Ref === 'AWS::NoValue';
}

function hasSchedule({ Events = {} }: Json): boolean {
  return Object.values<Json>(Events).some(({ Type }) => Type === 'ScheduleV2');
}

function checkReadme({ name: wing, template, readme }: Wing): string[] {
  const parameters = Object.keys(template.Parameters).filter(
    (name) => ![...COMMON_PARAMETERS, ...ALARM_PARAMETERS].includes(name),
  );
  return [...functionsOf(template).map(([id]) => id), ...parameters]
    .filter((name) => !readme.includes(name))
    .map((name) => `${wing} does not describe ${name} in its README or docs/${wing}.md`);
}

/** The same everywhere, so that a deployer learns them once. */
function checkCommonParameters({ template }: Wing): string[] {
  return [
    ...COMMON_PARAMETERS.filter((name) => !(name in template.Parameters)).map(
      (name) => `there is no ${name}`,
    ),
    ...(template.Parameters.DryRun?.Default === 'true' ? [] : ['DryRun is not true by default']),
  ];
}

const MAX_ENVIRONMENT_BYTES = 4096;

/** Lambda takes 4 KB of names and values; what only a deployment knows, such as an ARN, counts as 150 bytes. */
function checkEnvironmentSize({ template }: Wing): string[] {
  const common = template.Globals.Function.Environment.Variables;
  return functionsOf(template).flatMap(([id, block]) => {
    const variables = { ...common, ...block.Properties.Environment?.Variables };
    const bytes = Object.entries(variables).map(([name, value]) => name.length + longest(template, value));
    const sum = bytes.reduce((a, b) => a + b, 0);
    return sum <= MAX_ENVIRONMENT_BYTES ? [] : [`${id} may have ${sum} bytes of variables`];
  });
}

function longest(template: Template, value: Json): number {
  if (typeof value !== 'object') return String(value).length;
  const parameter = template.Parameters[value.Ref];
  if (!parameter)
    return Math.max(150, ...references(value).map((name) => lengthOf(template.Parameters[name])));
  return lengthOf(parameter);
}

function lengthOf(parameter: Json): number {
  if (!parameter) return 150;
  const { AllowedValues: values, MaxLength: most, AllowedPattern: pattern, Type: type } = parameter;
  if (values) return Math.max(...values.map((one: unknown) => String(one).length));
  if (type === 'Number') return 10;
  // A pattern with a bound in every part keeps a value short.
  return most ?? (pattern && !/[*+]/.test(pattern.replace(/\\[.+*]|\[[^\]]*\]/g, '')) ? 700 : 100_000);
}

/** A role that SAM makes takes the boundary from its function, or from its schedule. */
function checkBoundaries({ template }: Wing): string[] {
  const uses = (value: Json, parameter: string): boolean => references(value ?? {}).includes(parameter);
  const { PermissionsBoundary, RolePath } = template.Globals.Function;
  const roles = Object.entries(template.Resources).filter(([, { Type }]) => Type === 'AWS::IAM::Role');
  const schedules = functionsOf(template).flatMap(([id, { Properties }]) =>
    Object.entries<Json>(Properties.Events ?? {})
      .filter(([, { Type }]) => Type === 'ScheduleV2')
      .map(([name, event]) => [`${id}${name}`, event] as const),
  );
  return [
    ...(uses(PermissionsBoundary, 'PermissionsBoundaryArn') ? [] : ['the functions have no boundary']),
    ...(uses(RolePath, 'RolePath') ? [] : ['the roles of the functions have no path']),
    ...roles
      .filter(([, { Properties }]) => !uses(Properties.PermissionsBoundary, 'PermissionsBoundaryArn'))
      .map(([id]) => `the role ${id} has no boundary`),
    ...roles
      .filter(([, { Properties }]) => !uses(Properties.Path, 'RolePath'))
      .map(([id]) => `the role ${id} has no path`),
    // SAM gives a schedule a role of its own, which takes a boundary but no path.
    ...schedules
      .filter(([, { Properties }]) => Properties.RoleArn === undefined)
      .map(([id]) => `SAM makes a role for the schedule ${id}`),
  ];
}

/** An alarm names one metric itself, or several in a list. */
function metricsOf(properties: Json): Json[] {
  return [properties, ...unwrapIfs(properties.Metrics).flatMap(({ MetricStat }) => MetricStat?.Metric ?? [])];
}

/** The members of a list, also those that depend on a parameter. */
function unwrapIfs(value: Json): Json[] {
  return asList(value).map((one) => one?.['Fn::If']?.[1] ?? one);
}

/** Two stacks in one Region would set off each other's alarms. */
function checkAlarmDimensions({ template }: Wing): string[] {
  return Object.entries(template.Resources)
    .flatMap(([id, { Properties }]) => metricsOf(Properties ?? {}).map((metric) => ({ id, metric })))
    .filter(({ metric }) => metric.Namespace === 'Groundcrew')
    .filter(
      ({ metric }) =>
        !asList(metric.Dimensions).some(
          ({ Name, Value }) => Name === 'stack' && Value?.Ref === 'AWS::StackName',
        ),
    )
    .map(({ id }) => `${id} does not name the stack`);
}

/** What the Serverless Application Repository asks for. */
function checkPublishing({ name: wing, template }: Wing): string[] {
  const about = template.Metadata['AWS::ServerlessRepo::Application'] ?? {};
  const must = [
    'Name',
    'Description',
    'Author',
    'SpdxLicenseId',
    'LicenseUrl',
    'ReadmeUrl',
    'Labels',
    'SemanticVersion',
  ];
  const { version } = JSON.parse(readText('package.json'));
  return [
    ...must.filter((key) => !about[key]).map((key) => `the application has no ${key}`),
    ...(about.Description?.length > 256
      ? ['the description of the application is longer than 256 characters']
      : []),
    ...(about.Labels?.length > 10 ? ['the application has more than ten labels'] : []),
    ...(references(about).length > 0 ? ['the metadata of the application refers to something'] : []),
    ...(about.SemanticVersion === version ? [] : [`the application is not ${version}, as in package.json`]),
    ...['LicenseUrl', 'ReadmeUrl']
      .filter((key) => about[key] && !existsSync(join(ROOT, 'functions', wing, about[key])))
      .map((key) => `${key} names ${about[key]}, which does not exist`),
  ];
}

const APPLICATION = 'AWS::Serverless::Application';

function applicationsOf({ root }: Pack): [string, Resource][] {
  return Object.entries(root.Resources).filter(([, { Type }]) => Type === APPLICATION);
}

function wingOf(application: Resource): string {
  return /^functions\/([\w-]+)\/template\.yaml$/.exec(application.Properties.Location)?.[1] ?? '';
}

/** spot-cordon has the parameter DeploySpotCordon and the condition SpotCordon. */
function checkSwitches(pack: Pack): string[] {
  const applications = applicationsOf(pack);
  const deployedWings = applications.map(([, application]) => wingOf(application));
  return [
    ...Object.keys(pack.wings)
      .filter((wing) => !deployedWings.includes(wing))
      .map((wing) => `the root does not deploy ${wing}`),
    ...applications.flatMap(([id, application]) => {
      const wing = wingOf(application);
      const condition = wing.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase());
      const allowed = pack.root.Parameters[`Deploy${condition}`]?.AllowedValues;
      return [
        ...(wing in pack.wings ? [] : [`${id} is no wing`]),
        ...(application.Condition === condition ? [] : [`${id} does not depend on ${condition}`]),
        ...(`${allowed}` === 'true,false' ? [] : [`there is no switch Deploy${condition}`]),
      ];
    }),
  ];
}

/** Parameters with an empty default that a wing cannot work without. */
const NEEDED: Readonly<Record<string, readonly string[]>> = { 'ami-approval': ['Approvers'] };

/** Where notices and links lead, and what every wing must heed. */
const PASSED_TO_ALL = ['NotificationTopicArn', 'OperatingGuideUrl', 'DryRun', 'PermissionsBoundaryArn'];

/** A wing without urgent alarms or notices for chat lacks these. */
const PASSED_WHERE_DECLARED = ['PagingTopicArn', 'ChatTopic'];

function checkPassedParameters(pack: Pack): string[] {
  return applicationsOf(pack).flatMap(([id, application]) => {
    const wing = wingOf(application);
    const declared = pack.wings[wing]?.template.Parameters ?? {};
    const passed = Object.keys(application.Properties.Parameters ?? {});
    const needed = Object.entries(declared)
      .filter(([, { Default }]) => Default === undefined)
      .map(([name]) => name);
    return [
      ...passed
        .filter((name) => !(name in declared))
        .map((name) => `${id} passes ${name}, which ${wing} lacks`),
      ...[
        ...needed,
        ...(NEEDED[wing] ?? []),
        ...PASSED_TO_ALL,
        ...PASSED_WHERE_DECLARED.filter((name) => name in declared),
      ]
        .filter((name) => !passed.includes(name))
        .map((name) => `${id} does not pass ${name}`),
    ];
  });
}

function checkRootSize({ root, rootText }: Pack): string[] {
  const parameters = Object.keys(root.Parameters).length;
  const lines = rootText.split('\n').length;
  return [
    ...(parameters <= 16 ? [] : [`the root has ${parameters} parameters, at most 16`]),
    ...(lines < 250 ? [] : [`the root has ${lines} lines, fewer than 250`]),
  ];
}

function checkFunctionIds({ wings }: Pack): string[] {
  const ids = Object.values(wings).flatMap(({ template }) => functionsOf(template).map(([id]) => id));
  return ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `${id} is declared twice`);
}

/** The environments without a template_file of their own deploy the root. */
function checkSamconfig({ root, wings, samconfig }: Pack): string[] {
  const lines = samconfig.split('\n').filter((line) => line && !line.startsWith('#'));
  const simple = /^(\[[\w.-]+\]|\w+ = ("[^"]*"|true|false|\d+(\.\d+)?))$/;
  const environments = [...samconfig.matchAll(/^\[([\w-]+)\.deploy\.parameters\]\n((?:[^[\n].*\n?)*)/gm)];
  return [
    ...lines.filter((line) => !simple.test(line)).map((line) => `samconfig.toml: cannot read ${line}`),
    ...Object.keys(wings)
      .filter((wing) => !environments.some(([, name]) => name === wing))
      .map((wing) => `samconfig.toml has no environment ${wing}`),
    ...environments.flatMap(([, name = '', text = '']) =>
      checkOverrides((wings[name]?.template ?? root).Parameters, text),
    ),
  ];
}

function checkOverrides(parameters: Template['Parameters'], text: string): string[] {
  const pairs = /^parameter_overrides = "(.*)"$/m.exec(text)?.[1]?.split(' ') ?? [];
  return pairs
    .map((pair) => pair.split('='))
    .flatMap(([name = '', value = '']) => {
      const parameter = parameters[name];
      if (!parameter) return [`samconfig.toml overrides ${name}, which is no parameter`];
      const allowed = parameter.AllowedValues?.map(String) ?? [value];
      return allowed.includes(value)
        ? []
        : [`samconfig.toml sets ${name} to ${value}, which it does not allow`];
    });
}
