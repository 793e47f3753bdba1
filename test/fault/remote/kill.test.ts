import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ClaimService } from '#gen/millrace/state/v1/claim_service_pb.ts';
import { DefinitionService } from '#gen/millrace/state/v1/definition_service_pb.ts';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { SnapshotService } from '#gen/millrace/state/v1/snapshot_service_pb.ts';
import { createChannel, type RpcChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { createRandom } from '#test/fault/journal/random.ts';
import { startStateNode } from '#test/fault/runs/state-node.ts';
import { describeRunsInMongo, describeRunsInSqlite, type RunHome } from '#test/fault/runs/with-stores.ts';
import { faultRuns, faultSeed } from '#test/fault/seed.ts';
import { runRuntime, type ToldRun, WORKFLOW } from './runtime.ts';

const RUNTIMES = 12;
const TASKS_PER_RUN = 8;
const HOUR_MS = 3_600_000;
const seed = faultSeed('remote runtimes, killed state service');
const isShort = faultRuns(1, 200) < 10;

/** What runtimes were told holds: every result, every version once, and fences that only grow. */
async function check(channel: RpcChannel, told: readonly ToldRun[]): Promise<void> {
  const snapshots = createClient(SnapshotService, channel);
  const runs = createClient(RunService, channel);
  const claims = createClient(ClaimService, channel);
  for (const { runId, results, fences, versions, state, isOver } of told) {
    const { run } = await runs.getRun({ runId });
    const isEnded = run?.status === RunStatus.COMPLETED;
    expect([runId, isEnded]).toEqual([runId, isOver]);
    expect(versions).toEqual(versions.map((_, index) => BigInt(index + 1)));
    expect(run?.snapshotVersion).toBe(BigInt(versions.length));
    const { snapshot } = await snapshots.loadSnapshot({ runId });
    const content = snapshot?.content.case === 'opaque' ? snapshot.content.value.value.value : '';
    expect(Buffer.from((content ?? '') as string).toString()).toBe(state);
    expect(fences).toEqual(fences.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(new Set(fences).size).toBe(fences.length);
    for (const [taskId, text] of results) {
      const { output } = await snapshots.loadTaskResult({ runId, taskId });
      expect(Buffer.from((output?.value.value ?? '') as string).toString()).toBe(text);
    }
  }
  const { tasks } = await claims.findAvailableTasks({ workerId: 'checker', limit: 1_000 });
  const open = told.filter(({ isOver, results }) => !isOver && results.size < TASKS_PER_RUN).map(({ runId }) => runId);
  expect(tasks.map(({ runId }) => runId).filter((runId) => !open.includes(runId))).toEqual([]);
}

async function killUnderLoad(home: RunHome, kills: number): Promise<void> {
  const random = createRandom(seed);
  await using node = await startStateNode(home.newStore(), home.folder());
  await using channel = createChannel({ address: node.address });
  const content = { case: 'opaque', value: { value: { case: 'json', value: '{}' } } } as const;
  const definition = { workflow: WORKFLOW, version: '1', content };
  await createClient(DefinitionService, channel).putDefinition({ definition, activate: true });
  let isOver = false;
  const runtimes = Array.from({ length: RUNTIMES }, (_, index) =>
    runRuntime(channel, `runtime-${index}`, TASKS_PER_RUN, () => isOver),
  );
  for (let kill = 0; kill < kills; kill += 1) {
    await delay(random() * 400);
    await node.kill();
    await node.restart();
  }
  await delay(300);
  isOver = true;
  const told = (await Promise.all(runtimes)).flat();
  await check(channel, told);
  await node.kill();
  await node.restart();
  await check(channel, told);
  console.log(`${home.kind}: ${kills} times the state service was killed, ${told.length} runs of remote runtimes`);
}

function killSuite(home: RunHome): void {
  test('[14, 18, 42] lose nothing that they were told, and do nothing twice', { timeout: HOUR_MS }, async () => {
    await killUnderLoad(home, faultRuns(4, 100));
  });
}

describe('remote runtimes whose state service is killed', () => {
  describeRunsInSqlite('under load, in SQLite, by gRPC', killSuite);
  // In MongoDB each kill costs a lease, which is more than every change should wait for.
  if (!isShort) describeRunsInMongo('under load, in MongoDB, by gRPC', killSuite);
});
