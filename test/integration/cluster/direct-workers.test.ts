import { expect, test } from 'vitest';
import { ClusterService } from '#gen/millrace/state/v1/cluster_service_pb.ts';
import { DefinitionService } from '#gen/millrace/state/v1/definition_service_pb.ts';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { WorkMode } from '#gen/millrace/state/v1/worker_pb.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { openRawWorker, type RawWorker } from '#test/contract/state/raw-worker.ts';
import { startNodePair } from '#test/fault/cluster/node-pair.ts';
import { describeRunsInMongo } from '#test/fault/runs/with-stores.ts';

const RUNS = Array.from({ length: 32 }, (_, index) => `run-${index}`);
/** Long enough for whatever a stream might still bring that it should not. */
const QUIET_MS = 300;
const LOOK_MS = 50;

describeRunsInMongo('a worker with a stream to each of two nodes', (home) => {
  test('is given by each node what that one owns, every run once, and ends it there', {
    timeout: 120_000,
  }, async () => {
    await using pair = await startNodePair(home.newStore(), home.folder());
    const { near, far } = pair;
    await using channel = createChannel({ address: near.address });
    const cluster = createClient(ClusterService, channel);
    const partitions = async (): Promise<readonly number[]> =>
      ((await cluster.listMembers({})).members?.members ?? []).map((member) => member.partitions);
    await untilMoved(partitions);
    const runs = createClient(RunService, channel);
    const content = { case: 'function', value: {} } as const;
    const definition = { workflow: 'flow', version: '1', content };
    await createClient(DefinitionService, channel).putDefinition({ definition, activate: true });
    const open = (address: string): Promise<RawWorker> =>
      openRawWorker(
        { grpc: address, http: '' },
        {
          tenantId: 'default',
          workerId: 'direct',
          definitions: ['flow@1'],
          slots: RUNS.length,
          facts: { mode: WorkMode.DIRECT },
        },
      );
    await using toNear = await open(near.address);
    for (const runId of RUNS) await runs.startRun({ workflow: 'flow', runId });
    const nearOnly = await assigned(toNear);
    await using toFar = await open(far.address);
    const rest = RUNS.filter((runId) => !nearOnly.includes(runId));
    for (const runId of rest) await toFar.assigned(runId);
    expect(nearOnly.length).toBeGreaterThan(0);
    expect(rest.length).toBeGreaterThan(0);
    expect(await assigned(toNear)).toEqual(nearOnly);
    expect((await assigned(toFar)).toSorted()).toEqual(rest.toSorted());
    for (const runId of nearOnly) await toNear.complete(await toNear.assigned(runId), 0);
    for (const runId of rest) await toFar.complete(await toFar.assigned(runId), 0);
    const completed = async (): Promise<number> =>
      Number((await runs.countRuns({ filter: { statuses: [RunStatus.COMPLETED] } })).count);
    await expect.poll(completed, { timeout: 10_000 }).toBe(RUNS.length);
  });
});

/** Waits for the moment after a partition has moved: the next one moves five seconds later, if any does. */
async function untilMoved(partitions: () => Promise<readonly number[]>): Promise<void> {
  let before = '';
  for (;;) {
    const now = (await partitions()).toSorted((a, b) => a - b);
    const has = now.join();
    if (now[0] !== 0 && (has === '8,8' || (before !== '' && has !== before))) return;
    before = has;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** The runs that a worker was given, once nothing more comes. */
async function assigned({ received }: RawWorker): Promise<readonly string[]> {
  let seen = -1;
  while (received.length !== seen) {
    seen = received.length;
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  }
  return received.flatMap(({ assign }) => assign.map(({ runId }) => runId));
}
