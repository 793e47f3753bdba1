import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { startStateProcess, startWorkerProcess } from '../hot-path/processes.ts';
import { bulkStart } from './bulk-start.ts';
import { memoryOf } from './memory-of.ts';

/** What so many runs cost that are asleep. */
export interface Sleepers {
  readonly memoryMiB: number;
  /** Share of a core that the state service uses while nothing happens. */
  readonly idleCpu: number;
  /** From the start of the process after `kill -9` to an answer about one of the runs. */
  readonly backMs: number;
}

/** How long the idle service is watched. */
const IDLE_MS = 20_000;
/** How long it rests before: rows follow within a second, and memory is given back two quiet seconds later. */
const REST_MS = 6_000;
/** Slots of the worker: a run gives its own back as soon as it sleeps. */
const SLOTS = 2_000;

/** Lets so many runs go to sleep for a month, and looks at the state service then. */
export async function measureSleepers(store: string, count: number): Promise<Sleepers> {
  const state = await startStateProcess(store);
  {
    await using _worker = await startWorkerProcess(state.address, 1, { slots: SLOTS, yieldMs: 1 });
    await bulkStart({ address: state.address, count, workflow: 'bench-sleep', prefix: 'sleep' });
    await untilAsleep(state.address, count);
  }
  const before = await state.cpuSeconds();
  await pause(IDLE_MS);
  const idleCpu = (await state.cpuSeconds()) - before;
  const memoryMiB = memoryOf(state.child.pid ?? 0);
  const exited = once(state.child, 'exit');
  state.child.kill('SIGKILL');
  await exited;
  const began = performance.now();
  await using again = await startStateProcess(store);
  await using channel = createChannel({ address: again.address });
  const { run } = await createClient(RunService, channel).getRun({ runId: `sleep-${count >> 1}` });
  const backMs = performance.now() - began;
  if (run?.status !== RunStatus.RUNNING) throw new Error(`run sleep-${count >> 1} has status ${run?.status}`);
  return { memoryMiB, idleCpu: idleCpu / (IDLE_MS / 1000), backMs };
}

/** Waits until every run was given to the worker once and has come to its sleep. */
async function untilAsleep(address: string, count: number): Promise<void> {
  await using channel = createChannel({ address });
  const runs = createClient(RunService, channel);
  for (;;) {
    const { count: running } = await runs.countRuns({ filter: { statuses: [RunStatus.RUNNING] } });
    if (running >= BigInt(count)) break;
    process.stderr.write(`  ${running} of ${count} asleep\n`);
    await pause(2_000);
  }
  // The last of them give their slots back, their rows are written, and what all that took is given back.
  await pause(REST_MS);
}
