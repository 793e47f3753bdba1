import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testVariable } from '#test/env.ts';
import { readBenchOptions } from '../options.ts';
import { type Bar, median, type Row, report } from '../report.ts';
import { measureLongRun } from './measure-long-run.ts';
import { measureReady } from './measure-ready.ts';
import { measureSleepers } from './measure-sleepers.ts';
import { measureTasks } from './measure-tasks.ts';

const EARLY_STEP = 1_000;
const LATE_STEP = 100_000;
/** A late step may cost so much more than an early one. */
const MAX_STEP_GROWTH = 1.2;
const MAX_MEMORY_MIB = 600;
const MAX_BACK_MS = 10_000;
const MAX_POLL_GROWTH = 1.5;
const MAX_IDLE_CPU = 0.01;
const MAX_FIND_MS = 2;
const MANY = 1_000_000;
/** The sleeping runs that an idle service is watched with. */
const IDLE_RUNS = 100_000;

const options = readBenchOptions('npm run bench:scale --', { seconds: 1, rounds: 3 });
// For a quick look; the bars are those of the full number.
const many = Number(process.env[testVariable.benchRuns] ?? MANY);
const folder = mkdtempSync(join(tmpdir(), 'millrace-scale-'));
const rows: Row[] = [];
const bars: Bar[] = [];
try {
  tell('one run of 100 000 steps');
  const long = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    long.push(await measureLongRun(storeOf(`long-${round}`), EARLY_STEP, LATE_STEP));
  }
  row(`step ${EARLY_STEP} of a run`, median(long.map(({ earlyMs }) => earlyMs)), 'ms');
  row(`step ${LATE_STEP} of a run`, median(long.map(({ lateMs }) => lateMs)), 'ms');
  bars.push({
    name: `step ${LATE_STEP} of a run : step ${EARLY_STEP}`,
    value: median(long.map(({ earlyMs, lateMs }) => lateMs / earlyMs)),
    atMost: MAX_STEP_GROWTH,
  });

  tell(`${IDLE_RUNS} runs asleep`);
  const idle = await measureSleepers(storeOf('idle'), Math.min(many, IDLE_RUNS));
  row(`${IDLE_RUNS} runs asleep: share of a core`, idle.idleCpu, '');
  bars.push({
    name: `idle with ${IDLE_RUNS} runs asleep: share of a core`,
    value: full(idle.idleCpu),
    atMost: MAX_IDLE_CPU,
  });

  tell(`${many} runs asleep`);
  const asleep = await measureSleepers(storeOf('asleep'), many);
  row(`${many} runs asleep: memory`, asleep.memoryMiB, 'MiB');
  row(`${many} runs asleep: back after kill -9`, asleep.backMs, 'ms');
  bars.push({ name: `memory with ${MANY} runs asleep, MiB`, value: full(asleep.memoryMiB), atMost: MAX_MEMORY_MIB });
  bars.push({
    name: `back after kill -9 with ${MANY} runs asleep, ms`,
    value: full(asleep.backMs),
    atMost: MAX_BACK_MS,
  });

  tell(`${many} runs ready`);
  const ready = await measureReady(storeOf('ready'), many);
  row('PollWork with 1 000 runs ready', ready.fewMs, 'ms');
  row(`PollWork with ${many} runs ready`, ready.manyMs, 'ms');
  bars.push({
    name: `PollWork with ${MANY} runs ready : with 1 000`,
    value: full(ready.manyMs / ready.fewMs),
    atMost: MAX_POLL_GROWTH,
  });

  tell(`${many} tasks open`);
  const findMs = await measureTasks(storeOf('tasks'), many);
  row(`FindAvailableTasks for 10 of ${many} open tasks`, findMs, 'ms');
  bars.push({
    name: `FindAvailableTasks for 10 of ${MANY} open tasks, p50 ms`,
    value: full(findMs),
    atMost: MAX_FIND_MS,
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
report(options, 'the state service on SQLite at scale', rows, bars);
process.exit();

/** A bar is measured with the full number of runs only. */
function full(value: number): number | undefined {
  return many === MANY ? value : undefined;
}

function storeOf(name: string): string {
  return `sqlite:${join(folder, name)}`;
}

function row(what: string, value: number, unit: string): void {
  rows.push({ what, value: Number(value.toFixed(4)), unit });
  // At once as well: the measurement after it takes minutes.
  tell(`  ${what}: ${value.toFixed(4)} ${unit}`);
}

function tell(what: string): void {
  process.stderr.write(`${what}\n`);
}
