import { join, resolve } from 'node:path';
import type { NamedPanel } from '../console/snapshot.ts';
import { mapping } from '../json.ts';
import { discoverWings } from '../scenario-kit/discover.ts';
import { deploy, readTemplates } from '../stack/deploy.ts';
import type { Stack, StackNames } from '../stack/stack.ts';

type Values = Readonly<Record<string, string>>;

/** Which templates are started, and with which parameters. */
export interface Chosen {
  /** The project's template.yaml, with all wings, by default. */
  readonly templatePath?: string;
  /** A wing to start alone: from its own template and with a topic of its own. */
  readonly wing?: string;
  /** For the template that is started. */
  readonly parameters?: Values;
  /** For single wings, in place of what template.yaml passes to them. */
  readonly wings?: Readonly<Record<string, Values>>;
}

/** Makes the stacks, once it is known where the account answers. */
export type Deployable = (names: Omit<StackNames, 'stackName'>) => readonly [Stack, ...Stack[]];

const root = resolve(import.meta.dirname, '../..');

export async function chooseTemplates(python: string, chosen: Chosen): Promise<Deployable> {
  const { wing } = chosen;
  const [templates, nested] = await Promise.all([readTemplates(python, pathOf(chosen)), wingsOf(chosen)]);
  const own = wing === undefined ? {} : nested[wing];
  const parameters = { ...localParameters(templates.template.Parameters), ...own, ...chosen.parameters };
  const stackName = wing === undefined ? 'groundcrew' : `groundcrew-${wing}`;
  return (names) => deploy(templates, { parameters, nested }, { ...names, stackName });
}

/** The panels of the wings that are started, in the order of the page. */
export async function loadPanels({ templatePath, wing }: Chosen): Promise<readonly NamedPanel[]> {
  if (templatePath !== undefined) return [];
  const wings = await discoverWings();
  return wings
    .flatMap(({ name, panel }) =>
      panel && (wing === undefined || wing === name) ? [{ wing: name, panel }] : [],
    )
    .toSorted((a, b) => a.panel.rank - b.panel.rank);
}

function pathOf({ templatePath, wing }: Chosen): string {
  if (templatePath !== undefined) return templatePath;
  return wing === undefined ? join(root, 'template.yaml') : join(root, 'functions', wing, 'template.yaml');
}

/** What the wings' scenarios need; a template of somebody else's is none that the wings know. */
async function wingsOf({ templatePath, wings: given = {} }: Chosen): Promise<Record<string, Values>> {
  if (templatePath !== undefined) return { ...given };
  const wings = await discoverWings();
  return Object.fromEntries(wings.map(({ name, parameters }) => [name, { ...parameters, ...given[name] }]));
}

/** Of the parameters that a template has: it acts, every wing is there, and somebody reads the mails. */
function localParameters(declared: unknown): Values {
  const names = Object.keys(mapping(declared));
  const wings = names.filter((name) => /^Deploy[A-Z]/.test(name)).map((name) => [name, 'true'] as const);
  const others = Object.entries({
    NotificationEmail: 'on-call@example.com',
    DryRun: 'false',
    ChatMessages: 'true',
  });
  return Object.fromEntries([...wings, ...others.filter(([name]) => names.includes(name))]);
}
