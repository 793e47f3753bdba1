import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureFdatasync } from '../fdatasync.ts';
import { readBenchOptions } from '../options.ts';
import { type Bar, median, type Row, report } from '../report.ts';
import {
  type CommitFigure,
  ENTRIES_PER_COMMIT,
  fillJournal,
  journalSubject,
  measureCommits,
  measureReplay,
} from './journal.ts';
import { type BenchStore, openStores } from './stores.ts';
import { measureTables } from './tables.ts';

/** The least share of the raw rate that a journal must reach, and where. */
const MIN_SHARE_OF_RAW = 0.85;
const SQLITE_BAR_ENTRIES = 64;
/** The least entries a second that recovery must read. */
const MIN_REPLAY_PER_SECOND = { SQLite: 300_000, MongoDB: 100_000 } as const;
const REPLAYED_ENTRIES = 1_000_000;
const REPLAYED_ENTRIES_PER_COMMIT = 64;

const options = readBenchOptions('npm run bench:store --', { seconds: 2, rounds: 5 });
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
const rows: Row[] = [];
const bars: Bar[] = [];
const measured = new Set<string>();
let syncMs = Number.NaN;
try {
  syncMs = measureFdatasync(folder);
  await using open = await openStores(folder);
  for (const store of open.stores) {
    await measureStore(store);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const kind of ['SQLite', 'MongoDB']) {
  if (!measured.has(kind)) {
    bars.push({ name: `${kind} journal`, value: undefined, atLeast: MIN_SHARE_OF_RAW });
  }
}
report(options, `the stores; fdatasync takes ${syncMs.toFixed(2)} ms`, rows, bars);

async function measureStore(store: BenchStore): Promise<void> {
  const kind = store.name.split(' ')[0] ?? store.name;
  measured.add(kind);
  const journal = `${store.name} journal`;
  const subjects = [journalSubject(journal, store.journal), ...store.raw];
  for (const entries of ENTRIES_PER_COMMIT) {
    process.stderr.write(`${store.name}: ${entries} entries per commit\n`);
    const figures = await measureCommits(subjects, entries, options);
    for (const { name } of subjects) {
      rows.push(commitRow(name, entries, figures.get(name) ?? []));
    }
    const [raw] = store.raw;
    const hasBar = kind === 'MongoDB' || entries === SQLITE_BAR_ENTRIES;
    if (raw !== undefined && hasBar) {
      const value = shareOf(figures.get(journal) ?? [], figures.get(raw.name) ?? []);
      bars.push({ name: `${journal} : ${raw.name} at ${entries} per commit`, value, atLeast: MIN_SHARE_OF_RAW });
    }
  }
  process.stderr.write(`${store.name}: reading back ${REPLAYED_ENTRIES} entries\n`);
  await store.journal.trim(0, Number.MAX_SAFE_INTEGER, new AbortController().signal);
  await fillJournal(store.journal, REPLAYED_ENTRIES, REPLAYED_ENTRIES_PER_COMMIT);
  const replay = await measureReplay(store.journal);
  rows.push(rateRow(`${store.name}: journal entries read back`, replay.perSecond));
  const least = MIN_REPLAY_PER_SECOND[kind as keyof typeof MIN_REPLAY_PER_SECOND];
  if (least !== undefined) {
    bars.push({ name: `${store.name} replay, entries/s`, value: Math.round(replay.perSecond), atLeast: least });
  }
  process.stderr.write(`${store.name}: heads and segments\n`);
  const written = await measureTables(store.tables, options.seconds);
  rows.push(rateRow(`${store.name}: new heads`, written.newHeadsPerSecond));
  rows.push(rateRow(`${store.name}: replaced heads`, written.replacedHeadsPerSecond));
  rows.push(rateRow(`${store.name}: segments of 4 kB`, written.segmentsPerSecond));
}

function commitRow(name: string, entries: number, figures: readonly CommitFigure[]): Row {
  const of = (pick: (figure: CommitFigure) => number): number => median(figures.map(pick));
  return {
    what: name,
    'per commit': entries,
    'per second': Math.round(of(({ entriesPerSecond }) => entriesPerSecond)),
    'p50 ms': of(({ p50Ms }) => p50Ms).toFixed(3),
    'p99 ms': of(({ p99Ms }) => p99Ms).toFixed(3),
    'CPU µs each': of(({ cpuMicrosPerEntry }) => cpuMicrosPerEntry).toFixed(2),
  };
}

function rateRow(what: string, perSecond: number): Row {
  return { what, 'per commit': '', 'per second': Math.round(perSecond), 'p50 ms': '', 'p99 ms': '', 'CPU µs each': '' };
}

/** The median of the rounds' shares: the two of a round ran within seconds of each other. */
function shareOf(figures: readonly CommitFigure[], raw: readonly CommitFigure[]): number {
  return median(figures.map(({ entriesPerSecond }, i) => entriesPerSecond / (raw[i]?.entriesPerSecond ?? Number.NaN)));
}
