import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isMapping, list, type Mapping } from '../json.ts';
import type { Panel } from './panel.ts';
import type { Scenario, Seed } from './scenario.ts';

/** What local/scenarios/<wing>/index.ts exports. */
export interface Wing {
  readonly name: string;
  /** The default export. */
  readonly scenarios: readonly Scenario[];
  /** Template parameters with which the scenarios run, if they differ from the defaults. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Creates sample resources for the time after the scenarios, while the pack keeps running. */
  readonly seed: Seed | undefined;
  /** What the wing shows of itself on the page. */
  readonly panel: Panel | undefined;
}

/** The scenarios folder does not exist. */
export class ScenarioFolderError extends Error {}

export const defaultScenarios = join(import.meta.dirname, '../scenarios');

/** Loads every wing that has a folder of scenarios, in alphabetical order. */
export async function discoverWings(from = defaultScenarios): Promise<readonly Wing[]> {
  const entries = await readdir(from, { withFileTypes: true }).catch((cause: unknown) => {
    throw new ScenarioFolderError(`There are no scenarios in ${from}`, { cause });
  });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(names.toSorted().map((name) => importWing(name, join(from, name, 'index.ts'))));
}

/** Loads every scenario, in alphabetical order of the wings. */
export async function discoverScenarios(from?: string): Promise<readonly Scenario[]> {
  return (await discoverWings(from)).flatMap(({ scenarios }) => scenarios);
}

async function importWing(name: string, file: string): Promise<Wing> {
  const module: Mapping = await import(pathToFileURL(file).href);
  const { default: scenarios, parameters = {}, seed, panel } = module;
  const checked = list(scenarios).filter(isScenario);
  if (!Array.isArray(scenarios) || checked.length !== scenarios.length) {
    throw new Error(`${file} has no list of scenarios as its default export`);
  }
  const misplaced = checked.find((one) => one.wing !== name);
  if (misplaced)
    throw new Error(`${file} holds the scenario '${misplaced.name}' of the wing ${misplaced.wing}`);
  if (!isTextMapping(parameters)) throw new Error(`${file} exports parameters that are not texts by name`);
  if (seed !== undefined && !isSeed(seed)) throw new Error(`${file} exports a seed that is no function`);
  if (panel !== undefined && !isPanel(panel))
    throw new Error(`${file} exports a panel without look or actions`);
  return { name, scenarios: checked, parameters, seed, panel };
}

function isScenario(value: unknown): value is Scenario {
  const parts = ['arrange', 'act', 'observe', 'expect'];
  if (typeof value !== 'object' || value === null) return false;
  const members = new Map<string, unknown>(Object.entries(value));
  const named = typeof members.get('wing') === 'string' && typeof members.get('name') === 'string';
  return named && parts.every((part) => typeof members.get(part) === 'function');
}

function isTextMapping(value: unknown): value is Readonly<Record<string, string>> {
  return isMapping(value) && Object.values(value).every((one) => typeof one === 'string');
}

function isPanel(value: unknown): value is Panel {
  return isMapping(value) && typeof value.look === 'function' && Array.isArray(value.actions);
}

function isSeed(value: unknown): value is Seed {
  return typeof value === 'function';
}
