import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
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
} from './template.ts';

/** The pack as it lies on disk: what its rules compare with each other. */
export interface Pack {
  readonly template: Template;
  /** Logical ids by the `# ---- <name> ---` comment that they stand under, in order. */
  readonly sections: Record<string, string[]>;
  /** Paths of every functions/<wing>/<verb>.handler.ts, and the names of the wings' folders. */
  readonly handlers: string[];
  readonly wings: string[];
  /** The text of each wing's config.ts and README.md, and of each function's bundle. */
  readonly configs: Record<string, string>;
  readonly readmes: Record<string, string>;
  readonly bundles: Record<string, string>;
  readonly operating: string;
  readonly samconfig: string;
}

export type PackCheck = (pack: Pack) => readonly string[];

export function readPack(): Pack {
  const text = readText('template.yaml');
  const template = readTemplate(text);
  const wings = readdirSync(join(ROOT, 'functions'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const read = (paths: readonly (readonly [string, string])[]): Record<string, string> =>
    Object.fromEntries(
      paths.map(([name, path]) => [name, existsSync(join(ROOT, path)) ? readText(path) : '']),
    );
  return {
    template,
    sections: sectionsOf(text),
    handlers: wings.flatMap((wing) =>
      readdirSync(join(ROOT, 'functions', wing))
        .filter((name) => name.endsWith('.handler.ts'))
        .map((name) => `functions/${wing}/${name}`),
    ),
    wings,
    configs: read(wings.map((wing) => [wing, `functions/${wing}/config.ts`])),
    readmes: read(wings.map((wing) => [wing, `functions/${wing}/README.md`])),
    bundles: read(functionsOf(template).map(([id]) => [id, `dist/${id}/index.mjs`])),
    operating: read([['operating', 'docs/operating.md']]).operating ?? '',
    samconfig: readText('samconfig.toml'),
  };
}

function sectionsOf(text: string): Record<string, string[]> {
  const sections: Record<string, string[]> = {};
  let current: string[] = [];
  for (const line of text.slice(text.indexOf('\nResources:'), text.indexOf('\nOutputs:')).split('\n')) {
    const title = /^ {2}# -{4} (.+?) -+$/.exec(line)?.[1];
    if (title) sections[title] = current = [];
    const id = /^ {2}(\w+):/.exec(line)?.[1];
    if (id) current.push(id);
  }
  return sections;
}

/** What holds between template.yaml and the tree around it. */
export const PACK_RULES: Readonly<Record<string, PackCheck>> = {
  'writes every function block in the same order': checkAnatomy,
  'has a block for every handler and a handler for every block': checkHandlers,
  'keeps each wing under its own comment and its own condition': checkWings,
  'can leave out any wing': checkLeavingOut,
  'describes, groups, labels and uses every parameter': checkParameters,
  'sets the variables that a function reads, and no others': checkVariables,
  'gives every statement a Sid of its own': checkSids,
  'sends every alarm to a heading of docs/operating.md': checkAlarms,
  "tells of a wing's functions and parameters in its README": checkReadmes,
  'can be published': checkPublishing,
  'overrides in samconfig.toml only parameters that exist, with values they allow': checkSamconfig,
};

const BLOCK_KEYS = ['Type', 'Condition', 'Metadata', 'Properties'];
const FIRST_KEYS = ['Description', 'CodeUri', 'MemorySize', 'Timeout'];
const OPTIONAL_KEYS = ['ReservedConcurrentExecutions', 'VpcConfig', 'FileSystemConfigs'];
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

function wingOf(block: Resource): string {
  return entryOf(block).split('/')[1] ?? '';
}

function checkAnatomy({ template }: Pack): string[] {
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

function checkHandlers({ template, handlers }: Pack): string[] {
  const entries = functionsOf(template).map(([id, block]) => [id, entryOf(block)] as const);
  const built = entries.map(([, entry]) => entry);
  return [
    ...entries
      .filter(([, entry]) => !handlers.includes(entry))
      .map(([id, entry]) => `${id} has no handler ${entry}`),
    ...handlers
      .filter((path) => !built.includes(path))
      .map((path) => `${path} has no block in template.yaml`),
    ...entries
      .filter(([, entry], at) => built.indexOf(entry) !== at)
      .map(([id, entry]) => `${id} repeats ${entry}`),
  ];
}

/** spot-cordon has the parameter DeploySpotCordon and the condition SpotCordon. */
function switchOf(wing: string): { readonly parameter: string; readonly condition: string } {
  const condition = wing.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase());
  return { parameter: `Deploy${condition}`, condition };
}

function checkWings({ template, sections, wings }: Pack): string[] {
  const titles = Object.keys(sections).filter((title) => title !== 'the pack');
  return [
    ...titles
      .filter((title) => !wings.includes(title))
      .map((title) => `there is no folder functions/${title}`),
    ...wings.filter((wing) => !titles.includes(wing)).map((wing) => `template.yaml has no section ${wing}`),
    ...wings.flatMap((wing) => checkSwitch(template, wing)),
    ...wings.flatMap((wing) => checkSection(template, wing, sections[wing] ?? [])),
  ];
}

function checkSwitch(template: Template, wing: string): string[] {
  const { parameter, condition } = switchOf(wing);
  const allowed = template.Parameters[parameter]?.AllowedValues;
  return [
    ...(`${allowed}` === 'true,false'
      ? []
      : [`${wing} has no parameter ${parameter} with the values true and false`]),
    ...(condition in template.Conditions ? [] : [`${wing} has no condition ${condition}`]),
  ];
}

function checkSection(template: Template, wing: string, section: readonly string[]): string[] {
  const without = withoutWings(template, [wing]);
  const left = Object.keys(without.Resources).filter((id) => section.includes(id));
  const strays = functionsOf(template).filter(
    ([id, block]) => wingOf(block) === wing && !section.includes(id),
  );
  return [
    ...left.map((id) => `${id} is deployed without its wing ${wing}`),
    ...strays.map(([id]) => `${id} does not stand under the comment ${wing}`),
  ];
}

function withoutWings(template: Template, wings: readonly string[]): ReturnType<typeof deployed> {
  const off = Object.fromEntries(wings.map((wing) => [switchOf(wing).parameter, 'false']));
  return deployed(template, { ...defaultsOf(template), ...off });
}

/** With every parameter at each of its values, and with no wing at all, what is left refers to nothing left out. */
function checkLeavingOut({ template, wings }: Pack): string[] {
  const off = Object.fromEntries(wings.map((wing) => [switchOf(wing).parameter, 'false']));
  return [{}, off, ...alternatives(template)].flatMap((change) => {
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
  // A function's role and the like are there after the transform alone; cfn-lint looks at those.
  return name in template.Resources || name in template.Parameters || name.startsWith('AWS::');
}

function checkParameters({ template }: Pack): string[] {
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
function checkVariables({ template, configs, bundles }: Pack): string[] {
  const common = Object.keys(template.Globals.Function.Environment.Variables);
  const functions = functionsOf(template).flatMap(([id, block]) => {
    const variables = Object.keys(block.Properties.Environment?.Variables ?? {});
    const own = variables.filter((name) => !NODES_OWN.includes(name));
    const bundle = bundles[id] ?? '';
    const reads = variablesOf(configs[wingOf(block)] ?? '').filter((name) => mentions(bundle, name));
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

function checkSids({ template }: Pack): string[] {
  return Object.entries(template.Resources).flatMap(([id, { Properties: properties }]) => {
    const statements = [properties, ...asList(properties?.Policies)].flatMap((policy) =>
      asList(policy?.Statement ?? policy?.PolicyDocument?.Statement),
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

function checkAlarms({ template, operating }: Pack): string[] {
  const headings = new Set([...operating.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading));
  return Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm')
    .flatMap(([id, { Properties }]) => {
      const heading = /docs\/operating\.md, "([^"]+)"/.exec(Properties.AlarmDescription ?? '')?.[1];
      const told = asList(Properties.AlarmActions).length > 0 ? [] : [`${id} tells nobody`];
      if (!heading) return [...told, `${id} does not say what to read: docs/operating.md, "<heading>"`];
      return headings.has(heading)
        ? told
        : [...told, `docs/operating.md has no heading "${heading}" for ${id}`];
    });
}

function checkReadmes({ template, wings, readmes }: Pack): string[] {
  return wings.flatMap((wing) => {
    const { condition } = switchOf(wing);
    const functions = functionsOf(template).filter(([, block]) => wingOf(block) === wing);
    const parameters = Object.keys(template.Parameters).filter((name) =>
      name.replace(/^Deploy/, '').startsWith(condition),
    );
    return [...functions.map(([id]) => id), ...parameters]
      .filter((name) => !readmes[wing]?.includes(name))
      .map((name) => `functions/${wing}/README.md does not tell of ${name}`);
  });
}

/** What the Serverless Application Repository asks for. */
function checkPublishing({ template }: Pack): string[] {
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
      .filter((key) => about[key] && !existsSync(join(ROOT, about[key])))
      .map((key) => `${key} names ${basename(about[key])}, which does not exist`),
  ];
}

function checkSamconfig({ template, samconfig }: Pack): string[] {
  const lines = samconfig.split('\n').filter((line) => line && !line.startsWith('#'));
  const simple = /^(\[[\w.]+\]|\w+ = ("[^"]*"|true|false|\d+(\.\d+)?))$/;
  const overrides = lines
    .flatMap((line) => /^parameter_overrides = "(.*)"$/.exec(line)?.[1]?.split(' ') ?? [])
    .map((pair) => pair.split('='));
  return [
    ...lines.filter((line) => !simple.test(line)).map((line) => `samconfig.toml: cannot read ${line}`),
    ...overrides.flatMap(([name = '', value = '']) => {
      const parameter = template.Parameters[name];
      if (!parameter) return [`samconfig.toml overrides ${name}, which is no parameter`];
      const allowed = parameter.AllowedValues?.map(String) ?? [value];
      return allowed.includes(value)
        ? []
        : [`samconfig.toml sets ${name} to ${value}, which it does not allow`];
    }),
  ];
}
