import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findRoomyFolder, hasProgram } from '../machine.ts';
import { formatRatio, type MeasuredSubject, measureRatios, type Progress } from '../measure-ratios.ts';
import type { Report } from '../output/report.ts';
import { buildShim } from '../promotion/shim.ts';
import type { Summary } from '../statistics.ts';
import { makeReleases, type ReleaseStore } from './release-store.ts';
import { emptyHost, listWays, type Way } from './ways.ts';
import { countWritten, snapshotFiles, type WrittenFiles } from './written-files.ts';

const PHASES = ['first copy', '1 % changed'] as const;
type Phase = (typeof PHASES)[number];

/** As on a file server: see slow-files.c. */
const SLOW_MS = 3;
/** What reads files of the store one by one, so that a slow store matters. */
const SLOW_WAYS = ['follow-release', 'rsync -a --delete'];

interface Row {
  readonly phase: Phase;
  /** Milliseconds that each call to the store takes in addition. */
  readonly slowMs: number;
  readonly way: string;
  /** Undefined if a program is not on this machine. */
  readonly written?: WrittenFiles;
  readonly time?: Summary;
}

/** What a host writes, and how long it takes, until it has a release. */
export async function measureFollowRelease(progress: Progress): Promise<Report> {
  const folder = mkdtempSync(join(findRoomyFolder(), 'groundcrew-follow-release-'));
  try {
    progress('writing two releases');
    const releases = makeReleases(folder, hasProgram('zip'));
    const [rows, notes]: [Row[], string[]] = [[], []];
    for (const { slowMs, ways, maxRounds } of listStores(folder, releases)) {
      for (const phase of PHASES) {
        const measured = await measurePhase(phase, { folder, ways, maxRounds }, progress);
        rows.push(...measured.rows.map((row) => ({ ...row, slowMs })));
        notes.push(...measured.notes.map((note) => `${nameOf({ phase, slowMs })}: ${note}`));
      }
    }
    return describe(releases, rows, notes);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Store {
  readonly slowMs: number;
  readonly ways: readonly [Way, ...Way[]];
  readonly maxRounds: number;
}

/** The store in memory, and with a C compiler also the same one behind slow calls. */
function listStores(folder: string, releases: ReleaseStore): readonly Store[] {
  const shim = buildShim(folder);
  const fast = { slowMs: 0, ways: listWays(releases), maxRounds: 11 };
  if (!shim) return [fast];
  const [ours, ...others] = listWays(releases, shim.environment(releases.store, SLOW_MS));
  const slowed = others.filter(({ name }) => SLOW_WAYS.includes(name));
  return [fast, { slowMs: SLOW_MS, ways: [ours, ...slowed], maxRounds: 5 }];
}

const nameOf = ({ phase, slowMs }: Pick<Row, 'phase' | 'slowMs'>): string =>
  slowMs === 0 ? phase : `${phase}, ${slowMs} ms a call`;

interface PhaseOptions extends Omit<Store, 'slowMs'> {
  readonly folder: string;
}

async function measurePhase(
  phase: Phase,
  { folder, ways, maxRounds }: PhaseOptions,
  progress: Progress,
): Promise<{ readonly rows: readonly Omit<Row, 'slowMs'>[]; readonly notes: readonly string[] }> {
  const isHere = ({ needs }: Way): boolean => needs.every(hasProgram);
  const hostOf = ({ name }: Way): string => join(folder, `host ${name}`);
  const toSubject = (way: Way): MeasuredSubject => ({
    name: way.name,
    run: () => runOnce(way, phase, hostOf(way)).seconds,
  });
  const [ours, ...others] = ways;
  for (const way of ways.filter(isHere)) emptyHost(hostOf(way));
  const written = new Map(
    ways.filter(isHere).map((way) => [way.name, runOnce(way, phase, hostOf(way)).written]),
  );
  const { byName, notes } = await measureRatios(others.filter(isHere).map(toSubject), {
    baseline: toSubject(ours),
    progress,
    warmUps: 0,
    minRounds: 5,
    maxRounds,
  });
  const rows = ways.map(({ name }) => {
    const [files, time] = [written.get(name), byName.get(name)];
    return { phase, way: name, ...(files && { written: files }), ...(time && { time }) };
  });
  return { rows, notes };
}

interface Run {
  readonly seconds: number;
  readonly written: WrittenFiles;
}

/** Only the copy itself is timed. */
function runOnce(way: Way, phase: Phase, host: string): Run {
  if (phase === 'first copy') emptyHost(host);
  else {
    way.copy('a', host);
    way.forget?.('b', host);
  }
  const before = snapshotFiles(host);
  const begun = performance.now();
  way.copy(phase === 'first copy' ? 'a' : 'b', host);
  const seconds = (performance.now() - begun) / 1000;
  return { seconds, written: countWritten(before, snapshotFiles(host)) };
}

function describe({ files, changed }: ReleaseStore, rows: readonly Row[], notes: readonly string[]): Report {
  const baseline = { median: 1, spread: 0, count: 0 };
  const number = (value: number): string => value.toLocaleString('en');
  const timeOf = ({ time, written }: Row): Summary | undefined => time ?? (written && baseline);
  return {
    title: `A release of ${number(files)} files on the disk of a host, and the next one, in which ${changed} files changed`,
    columns: ['release', 'way', 'files written', 'MB written', 'times follow-release'],
    rows: rows.map((row) => {
      const { way, time, written } = row;
      if (!written) return [nameOf(row), way, '', '', 'not on this machine'];
      const megabytes = (written.bytes / 1e6).toFixed(1);
      return [nameOf(row), way, number(written.files), megabytes, time ? formatRatio(time) : '1'];
    }),
    notes: [
      'The store is in memory, so nobody waits for it. "3 ms a call": opening, reading and listing in the store takes as long as on a file server; follow-release copies eight files at a time for that, and rsync one. It pays for it with a process for each file, which is most of its time with a store in memory.',
      'Written: files that are on the disk of the host afterwards and were not before. Hard links are not written again.',
      'follow-release keeps the release before, reads and hashes every byte of the new one, also of files that it linked, and switches with one rename.',
      '"rsync -a" is measured at its best: files that did not change have the same size and time in both releases. A build that writes all files again makes it copy all of them. "rsync -ac" compares contents instead. Both change the live folder file by file.',
      '"The steps of CodeDeploy" are those of its agent, with the same programs: copy the archive, unpack all of it, remove the files of the release before, copy every file. Its archive is local here, and nothing of its service is in the time.',
      ...notes,
    ],
    chart: {
      title: 'Megabytes written for a release in which 1 % of the files changed',
      unit: 'MB',
      series: ['MB'],
      groups: rows
        .filter(({ phase, slowMs }) => phase === '1 % changed' && slowMs === 0)
        .map(({ way, written }) => ({ label: way, values: [written && written.bytes / 1e6] })),
    },
    data: rows.map((row) => ({ ...row, time: timeOf(row) })),
  };
}
