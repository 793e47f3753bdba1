import { setTimeout as pause } from 'node:timers/promises';
import { RunView } from '#gen/millrace/state/v1/run_pb.ts';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { createRunSession } from '#libs/run-session/run-session.ts';
import { median } from '../report.ts';
import { AT_WORK_MS } from './measure-points.ts';
import { startStateProcess, startWorkerProcess } from './processes.ts';

/** Runs that are signalled, one after the other. */
const RUNS = 200;
/**
 * Milliseconds from sending a signal to the news that the run that waited for it has completed; the median. As elsewhere,
 * the processes have been at work before.
 */
export async function measureSignals(store: string): Promise<number> {
  await using state = await startStateProcess(store);
  await using _worker = await startWorkerProcess(state.address, 1);
  const channel = createChannel({ address: state.address });
  await using session = createRunSession({ channel });
  const runs = createClient(RunService, channel);
  const latencies: number[] = [];
  const countedFrom = performance.now() + AT_WORK_MS;
  for (let index = 0; latencies.length < RUNS; index += 1) {
    const runId = `signal-${index}`;
    const { started, ended } = session.start({ workflow: 'bench-signal', runId }, { wait: true, brief: true });
    await started;
    await untilItWaits(runId);
    const began = performance.now();
    const [{ tookMs }] = await Promise.all([
      ended.then(() => ({ tookMs: performance.now() - began })),
      session.signal({ runId, name: 'go' }),
    ]);
    if (began >= countedFrom) latencies.push(tookMs);
  }
  await channel[Symbol.asyncDispose]();
  return median(latencies);

  async function untilItWaits(runId: string): Promise<void> {
    for (;;) {
      const { run } = await runs.getRun({ runId, view: RunView.STATE });
      if (run?.waits.some(({ kind }) => kind.case === 'signal') === true) return;
      await pause(5);
    }
  }
}
