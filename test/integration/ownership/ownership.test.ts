import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { createDevelopmentAuthenticator } from '#libs/auth/development-authenticator.ts';
import { createOwnership } from '#libs/partition/ownership/create-ownership.ts';
import type { Ownership } from '#libs/partition/ownership/ownership.ts';
import { createRecordingHost, type RecordingHost } from '#libs/partition/ownership/testing/recording-host.ts';
import { createSystemClock } from '#libs/partition/timers/system-clock.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { ensureStateCollections } from '#libs/store/mongo/tables/state-collections.ts';
import { createMongoStateTables } from '#libs/store/mongo/tables/state-tables.ts';
import type { StateTables } from '#libs/store/store.ts';
import { describeWithMongo } from '#test/servers/servers.ts';
import { eventually, runOwnedBy, SHORT_LEASES, serveNode, type TestNode } from './serve-node.ts';

const PARTITIONS = 16;
const SETTLE_MS = 20_000;

interface Owner extends AsyncDisposable {
  readonly ownership: Ownership;
  readonly host: RecordingHost;
  /** Ends it as a crash does. */
  crash(): void;
}

describeWithMongo('ownership in MongoDB', (uri) => {
  const database = `millrace_test_${randomUUID().slice(0, 8)}`;
  const stack = new AsyncDisposableStack();
  let cleaner: MongoClient;

  beforeAll(async () => {
    cleaner = stack.use(await new MongoClient(uri).connect());
    stack.defer(async () => void (await cleaner.db(database).dropDatabase()));
    await ensureStateCollections(cleaner.db(database));
  });

  afterAll(async () => {
    await stack.disposeAsync();
  });

  beforeEach(async () => {
    for (const name of ['leases', 'members']) await cleaner.db(database).collection(name).deleteMany({});
  });

  /** Tables through a client of their own, as another process has. */
  async function openTables(nodes: AsyncDisposableStack): Promise<StateTables> {
    const client = nodes.use(await new MongoClient(uri).connect());
    return createMongoStateTables(client.db(database), { timeoutMs: 5_000 });
  }

  async function start(nodes: AsyncDisposableStack): Promise<Owner> {
    const tables = await openTables(nodes);
    const clock = createSystemClock();
    const host = createRecordingHost(clock, 5, 5);
    let isCrashed = false;
    const orNothing = <T extends object>(table: T): T =>
      new Proxy(table, {
        get: (target, name) =>
          isCrashed ? () => new Promise(() => undefined) : (Reflect.get(target, name) as unknown),
      });
    const ownership = createOwnership({
      node: host,
      tables: { leases: orNothing(tables.leases), members: orNothing(tables.members) },
      clock,
      nodeId: randomUUID(),
      self: { address: randomUUID(), httpAddress: '', version: '', newestFormat: 1, startTime: 0 },
      partitionCount: PARTITIONS,
      format: 1,
      log: pino({ level: 'silent' }),
      timing: SHORT_LEASES,
    });
    const owner: Owner = {
      ownership,
      host,
      crash: () => {
        isCrashed = true;
      },
      [Symbol.asyncDispose]: () => ownership[Symbol.asyncDispose](),
    };
    nodes.use(owner);
    await ownership.start(AbortSignal.timeout(10_000));
    return owner;
  }

  /** Looks all the time whether two may answer for a partition. */
  function watch(owners: readonly Owner[]): { readonly clashes: readonly string[]; [Symbol.dispose](): void } {
    const clashes: string[] = [];
    const timer = setInterval(() => {
      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        const count = owners.filter(({ ownership }) => ownership.mayAnswer(partition)).length;
        if (count > 1) clashes.push(`${count} answer for ${partition}`);
      }
    }, 1);
    return { clashes, [Symbol.dispose]: () => clearInterval(timer) };
  }

  function servedBy(owners: readonly Owner[]): readonly number[] {
    return owners.map(({ host }) => host.served.size);
  }

  function epochsOf(owners: readonly Owner[], partition: number): readonly number[] {
    return owners.flatMap(({ host }) =>
      host.events
        .filter((event) => event.kind === 'takeOver' && event.partition === partition)
        .map(({ epoch }) => epoch),
    );
  }

  test('[90] nodes come, crash and drain, and never may two answer at once', async () => {
    await using nodes = new AsyncDisposableStack();
    const owners: Owner[] = [];
    using watched = watch(owners);
    for (let i = 0; i < 3; i += 1) owners.push(await start(nodes));
    await eventually(() => Math.max(...servedBy(owners)) <= 6, SETTLE_MS);
    const [first, second, third] = owners;
    first?.crash();
    await eventually(() => (second?.host.served.size ?? 0) + (third?.host.served.size ?? 0) === PARTITIONS, SETTLE_MS);
    owners.push(await start(nodes));
    await second?.ownership.drain(AbortSignal.timeout(SETTLE_MS));
    await eventually(
      () => (third?.host.served.size ?? 0) + (owners[3]?.host.served.size ?? 0) === PARTITIONS,
      SETTLE_MS,
    );
    expect(second?.host.served.size).toBe(0);
    expect(watched.clashes).toEqual([]);
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const epochs = epochsOf(owners, partition);
      expect(new Set(epochs).size).toBe(epochs.length);
    }
  });

  test('[90] twenty takers at once: each epoch goes to one of them', async () => {
    await using nodes = new AsyncDisposableStack();
    const owners = await Promise.all(Array.from({ length: 20 }, () => start(nodes)));
    await eventually(() => servedBy(owners).reduce((sum, count) => sum + count, 0) === PARTITIONS, SETTLE_MS);
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const epochs = epochsOf(owners, partition);
      expect(new Set(epochs).size).toBe(epochs.length);
    }
  });

  test('[90] calls go on while the partitions of a node are handed over', async () => {
    await using nodes = new AsyncDisposableStack();
    const serve = async (): Promise<TestNode> =>
      nodes.use(
        await serveNode({
          tables: await openTables(nodes),
          partitionCount: PARTITIONS,
          authenticator: createDevelopmentAuthenticator(),
        }),
      );
    const a = await serve();
    const b = await serve();
    await eventually(() => a.host.served.size === 8 && b.host.served.size === 8, SETTLE_MS);
    await eventually(() => a.peers.isConnected(b.nodeId) && b.peers.isConnected(a.nodeId));
    const runId = runOwnedBy(a, 'default');
    const runs = createClient(RunService, b.channel, { retry: { maxAttempts: 1 } });
    const tookMs: number[] = [];
    let served: string | undefined;
    const drained = a.ownership.drain(AbortSignal.timeout(SETTLE_MS));
    while (served !== b.nodeId) {
      const startedMs = performance.now();
      served = (await runs.getRun({ runId })).run?.workflow;
      tookMs.push(performance.now() - startedMs);
    }
    await drained;
    // A hand-over here is three writes and two reads of the store, none of which waits for a timer.
    expect(Math.max(...tookMs)).toBeLessThan(1_000);
    // A drain ends with the last lease freed: what it was freed for takes it a look later.
    await eventually(() => b.host.served.size === PARTITIONS, SETTLE_MS);
  });
});
