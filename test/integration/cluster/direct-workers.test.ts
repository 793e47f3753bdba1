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
    await expect.poll(() => assignedOver(toNear).length, { timeout: 30_000 }).toBeGreaterThan(0);
    await using toFar = await open(far.address);
    const all = (): string[] => [...assignedOver(toNear), ...assignedOver(toFar)];
    await expect.poll(() => new Set(all()).size, { timeout: 30_000 }).toBe(RUNS.length);
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    expect(all().toSorted()).toEqual(RUNS.toSorted());
    const [byNear, byFar] = [assignedOver(toNear), assignedOver(toFar)];
    expect(byFar.length).toBeGreaterThan(0);
    for (const runId of byNear) await toNear.complete(await toNear.assigned(runId), 0);
    for (const runId of byFar) await toFar.complete(await toFar.assigned(runId), 0);
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

/** The runs that a worker was given so far. */
function assignedOver({ received }: RawWorker): readonly string[] {
  return received.flatMap(({ assign }) => assign.map(({ runId }) => runId));
}
