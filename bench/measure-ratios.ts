import { type Summary, summarize } from './statistics.ts';

export type Progress = (line: string) => void;

/** Something that is measured. `run` returns what it took, in any unit that all subjects share. */
export interface MeasuredSubject {
  readonly name: string;
  run(): number | Promise<number>;
}

export interface RatioOptions {
  /** What all others are compared with. */
  readonly baseline: MeasuredSubject;
  readonly progress: Progress;
  /** Unmeasured runs of each subject. Default: 1. */
  readonly warmUps?: number;
  /** Defaults: 9 and 41. */
  readonly minRounds?: number;
  readonly maxRounds?: number;
}

export interface Ratios {
  /** Multiples of the baseline, by the name of the subject. */
  readonly byName: ReadonlyMap<string, Summary>;
  /** A sentence for each subject whose spread stayed above the limit. */
  readonly notes: readonly string[];
}

/** A figure is repeated until its spread is below this part of it. */
export const MAX_SPREAD = 0.1;

/**
 * Measures subjects in rounds. Each run follows a run of the baseline, so that a slow moment of the machine affects both.
 * A subject with a small spread is not measured again.
 */
export async function measureRatios(
  subjects: readonly MeasuredSubject[],
  options: RatioOptions,
): Promise<Ratios> {
  const { baseline, progress, warmUps = 1, minRounds = 9, maxRounds = 41 } = options;
  for (const subject of [baseline, ...subjects]) {
    for (let run = 0; run < warmUps; run += 1) await subject.run();
  }
  const ratios = new Map(subjects.map(({ name }): [string, number[]] => [name, []]));
  const isOpen = ({ name }: MeasuredSubject): boolean => !isPrecise(ratios.get(name) ?? [], minRounds);
  let open = subjects;
  for (let round = 1; round <= maxRounds && open.length > 0; round += 1) {
    progress(`round ${round}: ${open.length} of ${subjects.length} still to measure`);
    for (const subject of open) {
      const base = await baseline.run();
      ratios.get(subject.name)?.push((await subject.run()) / base);
    }
    open = open.filter(isOpen);
  }
  const byName = new Map([...ratios].map(([name, values]) => [name, summarize(values)]));
  return { byName, notes: [...byName].flatMap(([name, summary]) => noiseNote(name, summary)) };
}

function isPrecise(values: readonly number[], minRounds: number): boolean {
  return values.length >= minRounds && summarize(values).spread < MAX_SPREAD;
}

function noiseNote(name: string, { spread, count }: Summary): readonly string[] {
  if (spread < MAX_SPREAD) return [];
  return [`${name}: the machine was busy, the spread is ${percent(spread)} after ${count} rounds.`];
}

/** As in `2.41 (± 3 %)`: half the spread to each side. */
export function formatRatio({ median, spread }: Summary): string {
  return `${median.toFixed(2)} (± ${percent(spread / 2)})`;
}

function percent(part: number): string {
  return `${Math.max(1, Math.round(part * 100))} %`;
}
