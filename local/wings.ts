import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Scenario, Seed } from './scenario.ts';
import { isMapping, list, type Mapping } from './stack/mapping.ts';

/** What local/scenarios/<wing>.ts exports. */
export interface Wing {
  readonly name: string;
  /** By default. */
  readonly scenarios: readonly Scenario[];
  /** Values of the template's parameters that differ here from their defaults: what the wing needs to be played. */
  readonly parameters: Readonly<Record<string, string>>;
  /** What it has to show while the pack stays up. */
  readonly seed: Seed | undefined;
}

/** A folder that somebody named and that is none. */
export class NoScenarios extends Error {}

const folder = join(import.meta.dirname, 'scenarios');

/** Every wing that has a file of scenarios, in the alphabet's order. */
export async function discoverWings(from = folder): Promise<readonly Wing[]> {
  const names = await readdir(from).catch((cause: unknown) => {
    throw new NoScenarios(`There are no scenarios in ${from}`, { cause });
  });
  const files = names.filter((name) => name.endsWith('.ts')).sort();
  return Promise.all(files.map((name) => importWing(join(from, name))));
}

async function importWing(file: string): Promise<Wing> {
  const module: Mapping = await import(pathToFileURL(file).href);
  const { default: scenarios, parameters = {}, seed } = module;
  const name = basename(file, '.ts');
  const checked = list(scenarios).filter(isScenario);
  if (!Array.isArray(scenarios) || checked.length !== scenarios.length) {
    throw new Error(`${file} has no list of scenarios as its default export`);
  }
  const stray = checked.find((one) => one.wing !== name);
  if (stray) throw new Error(`${file} holds the scenario '${stray.name}' of the wing ${stray.wing}`);
  if (!isTexts(parameters)) throw new Error(`${file} exports parameters that are not texts by name`);
  if (seed !== undefined && !isSeed(seed)) throw new Error(`${file} exports a seed that is no function`);
  return { name, scenarios: checked, parameters, seed };
}

function isScenario(value: unknown): value is Scenario {
  const parts = ['arrange', 'act', 'observe', 'expect'];
  if (typeof value !== 'object' || value === null) return false;
  const members = new Map<string, unknown>(Object.entries(value));
  const named = typeof members.get('wing') === 'string' && typeof members.get('name') === 'string';
  return named && parts.every((part) => typeof members.get(part) === 'function');
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return isMapping(value) && Object.values(value).every((one) => typeof one === 'string');
}

function isSeed(value: unknown): value is Seed {
  return typeof value === 'function';
}
