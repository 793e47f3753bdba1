import { ClaimService } from '#gen/millrace/state/v1/claim_service_pb.ts';
import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { SnapshotService } from '#gen/millrace/state/v1/snapshot_service_pb.ts';
import { EchoService } from '#gen/millrace/test/v1/echo_service_pb.ts';
import { createClosedLoops, type Load } from '../hot-path/closed-loop.ts';
import type { CallsOf } from './calls.ts';

/** The name of the definition that all runs have. */
export const WORKFLOW = 'remote';
/** What a task gives. */
const RESULT = Buffer.alloc(100, 120);
/** What a runtime saves. */
const SNAPSHOT = Buffer.alloc(4_096, 120);
/** Tasks of one run, and snapshots of one: a run that is never over is no runtime's. */
const TASKS_PER_RUN = 50;

/** Claims a task, saves its result, and releases it: one cycle. */
export function cycleLoad(calls: CallsOf): Load {
  const claims = calls(ClaimService);
  const snapshots = calls(SnapshotService);
  return createClosedLoops(() => {
    const nextRun = runsOf(calls);
    return async (taskId) => {
      const runId = await nextRun(taskId);
      const { lease } = await claims.claimTask({ runId, taskId, workerId: 'bench' });
      if (lease === undefined) throw new Error(`task ${taskId} was not given`);
      const { fence } = lease;
      await snapshots.saveTaskResult({ runId, taskId, output: { value: { case: 'data', value: RESULT } }, fence });
      await claims.releaseTaskClaim({ runId, taskId, workerId: 'bench', fence });
    };
  });
}

/** Saves a snapshot of 4 KiB. */
export function saveLoad(calls: CallsOf): Load {
  const snapshots = calls(SnapshotService);
  return createClosedLoops(() => {
    const nextRun = runsOf(calls);
    return async (taskId) => {
      const runId = await nextRun(taskId);
      const position = { at: { case: 'atTask', value: { taskId: 'next' } } } as const;
      await snapshots.saveSnapshot({ runId, payload: { value: { case: 'data', value: SNAPSHOT } }, position });
    };
  });
}

/** Three calls with next to nothing in them, one after the other. */
export function emptyLoad(calls: CallsOf): Load {
  const echo = calls(EchoService);
  return createClosedLoops(() => async () => {
    for (let count = 0; count < 3; count += 1) await echo.echo({ id: 'e', priority: 1 });
  });
}

/** The run of a strand: a fresh one now and then. */
function runsOf(calls: CallsOf): (name: string) => Promise<string> {
  const runs = calls(RunService);
  let runId = '';
  let used = 0;
  return async (name) => {
    if (used % TASKS_PER_RUN === 0) {
      if (runId !== '') await runs.terminateRun({ runId });
      runId = `run-${name}`;
      await runs.startRun({ workflow: WORKFLOW, runId, driver: Driver.CLIENT });
    }
    used += 1;
    return runId;
  };
}
