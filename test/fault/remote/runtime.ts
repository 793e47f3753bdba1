import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { ClaimService } from '#gen/millrace/state/v1/claim_service_pb.ts';
import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { SnapshotService } from '#gen/millrace/state/v1/snapshot_service_pb.ts';
import type { RpcChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';

/** The definition of all runs. */
export const WORKFLOW = 'remote';
/** Longer than any restart: nobody is to lose a task to somebody else here. */
const TTL = durationFromMs(600_000);
/** Calls are repeated until the service is back. */
const PATIENT = { deadlineMs: 60_000, retry: { maxAttempts: 1_000, maxMs: 500 } };

/** What a runtime was told of one run. */
export interface ToldRun {
  readonly runId: string;
  readonly results: Map<string, string>;
  readonly fences: bigint[];
  readonly versions: bigint[];
  /** What was saved last. Empty: nothing. */
  state: string;
  isOver: boolean;
}

/** A runtime that does one task of one run after the other, each in the service's words, whatever happens to the service. */
export async function runRuntime(
  channel: RpcChannel,
  name: string,
  tasksPerRun: number,
  isOver: () => boolean,
): Promise<readonly ToldRun[]> {
  const runs = createClient(RunService, channel, PATIENT);
  const claims = createClient(ClaimService, channel, PATIENT);
  const snapshots = createClient(SnapshotService, channel, PATIENT);
  const told: ToldRun[] = [];
  while (!isOver()) {
    const run: ToldRun = {
      runId: `${name}-${told.length}`,
      results: new Map(),
      fences: [],
      versions: [],
      state: '',
      isOver: false,
    };
    told.push(run);
    const { runId } = run;
    await runs.startRun({ workflow: WORKFLOW, runId, driver: Driver.CLIENT, firstTask: { taskId: 'task-0' } });
    for (let index = 0; index < tasksPerRun && !isOver(); index += 1) {
      const taskId = `task-${index}`;
      const { lease } = await claims.claimTask({
        runId,
        taskId,
        workerId: name,
        expiry: { case: 'ttl', value: TTL },
      });
      if (lease === undefined) throw new Error(`${runId}: ${taskId} was not given`);
      run.fences.push(lease.fence);
      const text = `${runId} ${taskId}`;
      const output = { value: { case: 'data', value: Buffer.from(text) } } as const;
      await snapshots.saveTaskResult({ runId, taskId, output, fence: lease.fence });
      run.results.set(taskId, text);
      const isLast = index === tasksPerRun - 1;
      const saved = await snapshots.saveSnapshot({
        runId,
        payload: { value: { case: 'data', value: Buffer.from(stateAfter(text)) } },
        expectedVersion: BigInt(index),
        ...(isLast
          ? { status: RunStatus.COMPLETED, output }
          : { position: { at: { case: 'atTask', value: { taskId: `task-${index + 1}` } } } }),
      });
      run.versions.push(saved.version);
      run.state = stateAfter(text);
      run.isOver = isLast;
    }
  }
  return told;
}

/** What a runtime saves after a task: more than stays in the log of the run. */
function stateAfter(text: string): string {
  return `${text} `.repeat(100);
}
