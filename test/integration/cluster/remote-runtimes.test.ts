import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ClaimService } from '#gen/millrace/state/v1/claim_service_pb.ts';
import { DefinitionService } from '#gen/millrace/state/v1/definition_service_pb.ts';
import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { SnapshotService } from '#gen/millrace/state/v1/snapshot_service_pb.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { startNodePair } from '#test/fault/cluster/node-pair.ts';
import { describeRunsInMongo } from '#test/fault/runs/with-stores.ts';

const RUNS = Array.from({ length: 32 }, (_, index) => `run-${index}`);
const LOOK_MS = 50;

describeRunsInMongo('remote runtimes at two nodes', (home) => {
  test('[22] find and claim the tasks of every partition at whichever node, in one order, and hear of them', {
    timeout: 180_000,
  }, async () => {
    await using pair = await startNodePair(home.newStore(), home.folder());
    await using near = createChannel({ address: pair.near.address });
    await using far = createChannel({ address: pair.far.address });
    const content = { case: 'opaque', value: { value: { case: 'json', value: '{}' } } } as const;
    const definition = { workflow: 'flow', version: '1', content };
    await createClient(DefinitionService, near).putDefinition({ definition, activate: true });
    const heard = new Set<string>();
    const left = new AbortController();
    const watching = (async () => {
      const hints = createClient(ClaimService, far).watchAvailableTasks({ workerId: 'w' }, { signal: left.signal });
      for await (const answer of hints) for (const { runId } of answer.hints) heard.add(runId);
    })().catch(() => undefined);
    const runs = createClient(RunService, near);
    const start = async (runId: string, priority: number): Promise<unknown> =>
      await runs.startRun({ workflow: 'flow', runId, driver: Driver.CLIENT, firstTask: { taskId: 'a', priority } });
    // A hint tells of what comes while somebody watches, and the stream takes a moment to come to both nodes.
    for (let tries = 0; heard.size < 2 && tries < 200; tries += 1) {
      await start(`early-${tries}`, 5);
      await sleep(LOOK_MS);
    }
    for (const [index, runId] of RUNS.entries()) await start(runId, 1 + (index % 4));
    await expect.poll(() => RUNS.filter((runId) => !heard.has(runId)), { timeout: 10_000 }).toEqual([]);
    left.abort();
    await watching;
    const noAging = { aging: { case: 'noAging', value: true } } as const;
    const found = await Promise.all(
      [near, far].map(async (channel) => {
        const request = { workerId: 'w', limit: RUNS.length, ...noAging };
        return (await createClient(ClaimService, channel).findAvailableTasks(request)).tasks;
      }),
    );
    for (const tasks of found) {
      expect(tasks.map(({ runId }) => runId).toSorted()).toEqual(RUNS.toSorted());
      expect(tasks.map(({ priority }) => priority)).toEqual(
        tasks.map(({ priority }) => priority).toSorted((a, b) => a - b),
      );
    }
    const claims = createClient(ClaimService, far);
    const snapshots = createClient(SnapshotService, near);
    for (const runId of RUNS) {
      const { lease } = await claims.claimTask({ runId, taskId: 'a', workerId: 'w' });
      expect(lease?.runId).toBe(runId);
      await snapshots.saveTaskResult({ runId, taskId: 'a', fence: lease?.fence ?? 0n });
    }
    const { tasks } = await claims.findAvailableTasks({ workerId: 'w', limit: 1_000 });
    expect(tasks.filter(({ runId }) => RUNS.includes(runId))).toEqual([]);
  });
});
