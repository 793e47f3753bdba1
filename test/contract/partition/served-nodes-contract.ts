import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createReadyLists } from '#libs/partition/ready/ready-lists.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import type { NodeOptions } from '#libs/partition/serve/node.ts';
import type { RunVisit } from '#libs/partition/serve/run-visit.ts';
import { createRunningRuns } from '#libs/partition/serve/running-runs.ts';
import { keepUnborn } from '#libs/partition/serve/unborn-signals.ts';
import type { OpenStateStore } from '#libs/store/opening/open-context.ts';
import type { StateHome } from '#test/contract/state/state-homes.ts';
import { type NodeWorker, type ServedNode, serveNode } from './served-node.ts';

/** Longer than two rounds of rows and two looks at lists that have room. */
const LONG_MS = 1_500;

/** What must hold of a node whose lists and memory have little room, whatever keeps the rows. */
export function servedNodesContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 30_000 }, () => {
    let home: StateHome;
    let store: OpenStateStore;
    let epoch = 0;
    let runs = 0;
    let served: ServedNode | undefined;

    beforeAll(async () => {
      home = await createHome();
      store = await home.openState();
    });
    afterAll(async () => {
      await served?.[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    });
    beforeEach(() => {
      runs += 1;
    });

    /** A node whose lists have room for two items each, in place of the one before. */
    async function serve(changes: Partial<NodeOptions> = {}): Promise<ServedNode> {
      await served?.[Symbol.asyncDispose]();
      epoch += 1;
      served = await serveNode(store, epoch, { lists: createReadyLists({ maxEntriesPerList: 2 }), ...changes });
      return served;
    }

    /** Ids of this test. */
    function ids(count: number): readonly string[] {
      return Array.from({ length: count }, (_, index) => `run-${runs}-${index}`);
    }

    async function untilAssigned({ assigned }: NodeWorker, wanted: readonly string[]): Promise<void> {
      const end = Date.now() + 5_000;
      while (!wanted.every((id) => assigned.includes(id)) && Date.now() < end) await sleep(10);
      expect(served?.troubles).toEqual([]);
      expect(assigned.toSorted()).toEqual(wanted.toSorted());
    }

    test('[journal.md 17] a run that was loaded to be looked at leaves memory as every other does', async () => {
      const { node, start, settle } = await serve({ maxIdleRuns: 2 });
      const [partition] = node.served();
      if (partition === undefined) throw new TypeError('the partition is not served');
      const all = ids(8);
      for (const id of all) await start(id, `flow-${runs}`);
      await settle();
      for (const runId of [...all, ...all]) {
        const key = { tenantId: 'default', runId };
        const found = await ask(partition, key, { intent: 'read', act: ({ hot }) => hot?.identity.runId });
        expect(found).toBe(runId);
      }
      expect(partition.residentRuns).toBeLessThanOrEqual(3);
    });

    test('an item that came while its list was full is offered as soon as its row stands', async () => {
      const { start, worker } = await serve();
      const all = ids(5);
      const workflow = `flow-${runs}`;
      await Promise.all(all.map((id) => start(id, workflow)));
      await untilAssigned(worker(all.length, workflow), all);
    });

    test.each([
      { where: 'in memory', maxIdleRuns: 100 },
      { where: 'in rows alone', maxIdleRuns: 0 },
    ])('[23] an item whose time comes while its list is full is offered later, its run $where', async (changes) => {
      const { start, worker, release, settle } = await serve({ maxIdleRuns: changes.maxIdleRuns });
      const [late = '', ...others] = ids(3);
      const workflow = `flow-${runs}`;
      await start(late, workflow);
      const first = worker(1, workflow);
      await untilAssigned(first, [late]);
      const [held] = first.held.values();
      if (held === undefined) throw new TypeError('the worker has nothing');
      await release(held, 800);
      for (const id of others) await start(id, workflow);
      await settle();
      await sleep(800 + LONG_MS);
      await untilAssigned(worker(3, workflow), [late, ...others]);
    });

    test('[92] a session that is connected hears of what the next owner finds it to hold, from rows alone', async () => {
      const { node, start, worker, settle } = await serve();
      const [id = ''] = ids(1);
      const workflow = `flow-${runs}`;
      await start(id, workflow);
      const one = worker(1, workflow);
      await untilAssigned(one, [id]);
      await settle();
      node.drop(0);
      expect(one.session.held.size).toBe(0);
      epoch += 1;
      await node.takeOver(0, epoch, AbortSignal.timeout(10_000));
      const end = Date.now() + 5_000;
      while (one.found.length === 0 && Date.now() < end) await sleep(10);
      expect(one.found).toEqual([id]);
      expect([...one.session.held].map(({ key }) => key.runId)).toEqual([id]);
    });

    test('[journal.md 17] after a take-over everything that is ready is offered, also what its list has no room for at first', async () => {
      const before = await serve();
      const all = ids(7);
      const workflow = `flow-${runs}`;
      for (const id of all) await before.start(id, workflow);
      await before.settle();
      const { worker } = await serve();
      await untilAssigned(worker(all.length, workflow), all);
    });

    test.each(['at once', 'after a take-over'])(
      'work that nobody takes keeps no other work of its queue in rows, %s',
      async (when) => {
        let { start, worker, settle } = await serve();
        const [stuck, wanted] = [ids(4).map((id) => `${id}-stuck`), ids(4)];
        const workflow = `flow-${runs}`;
        for (const id of stuck) await start(id, `${workflow}-stuck`);
        for (const id of wanted) await start(id, workflow);
        await settle();
        if (when !== 'at once') ({ start, worker, settle } = await serve());
        await untilAssigned(worker(wanted.length, workflow), wanted);
        await untilAssigned(worker(stuck.length, `${workflow}-stuck`), stuck);
      },
    );

    test('[36] signals for runs that do not exist have a limit in each partition, so that its checkpoint stays small', async () => {
      const { node, settle } = await serve();
      const [partition] = node.served();
      if (partition === undefined) throw new TypeError('the partition is not served');
      const payload = { contentType: '', encodings: [], data: new Uint8Array(64 * 1024), ref: undefined };
      const send = (runId: string): Promise<boolean> =>
        ask(
          partition,
          { tenantId: 'default', runId },
          {
            intent: 'sendSignal',
            act: (visit) => keepUnborn(visit, partition.state, { name: 's', signalId: '', payload }),
          },
        );
      let refusal: unknown;
      let kept = 0;
      while (refusal === undefined && kept < 200) {
        await send(`unborn-${kept}`).then(
          () => (kept += 1),
          (error: unknown) => (refusal = error),
        );
      }
      expect(refusal).toMatchObject({
        reason: 'SIGNALS_FULL',
        metadata: { limit: 'bytes of unborn signals of a partition', maximum: String(4 * 1024 * 1024) },
      });
      expect(kept).toBe(63);
      await settle();
      const checkpoint = await store.tables.readCheckpoint(0);
      expect(checkpoint?.body.length).toBeLessThan(5 * 1024 * 1024);
    });

    test('the runs of a definition that go on are found by their rows, those of other partitions left out', async () => {
      const { start, worker, settle } = await serve();
      const all = ids(5);
      const workflow = `flow-${runs}`;
      for (const id of all) await start(id, workflow);
      await untilAssigned(worker(all.length, workflow), all);
      const find = async (partition: number): Promise<readonly string[]> => {
        const found: string[] = [];
        const running = createRunningRuns({ partition, partitionCount: 2, tables: store.tables, settle });
        for await (const page of running('default', workflow, '1')) found.push(...page.map(({ runId }) => runId));
        return found;
      };
      const [first, second] = [await find(0), await find(1)];
      expect([...first, ...second].toSorted()).toEqual(all);
    });

    // The last one: what is quarantined is told of at every take-over.
    test('[93] a run whose rows the tables refuse is quarantined, also by the next owner, and its neighbours go on', async () => {
      let { node, start, settle, troubles } = await serve();
      const [bad = '', ...others] = ids(3);
      const workflow = `flow-${runs}`;
      const tooMuch = { kind: 'keywordList', value: Array.from({ length: 70 }, () => 'x'.repeat(1_000)) } as const;
      await start(bad, workflow, { attributes: { tooMuch } });
      for (const id of others) await start(id, workflow);
      for (const when of ['at first', 'after a take-over']) {
        await settle();
        const [partition] = node.served();
        if (partition === undefined) throw new TypeError('the partition is not served');
        const key = { tenantId: 'default', runId: bad };
        const command = { kind: 'cancelRun', requestedBy: '', reason: '' } as const;
        const act = (visit: RunVisit): void => void visit.perform(command);
        await expect(ask(partition, key, { intent: 'cancelRun', act }), when).rejects.toMatchObject({
          reason: 'QUARANTINED',
          message: expect.stringContaining('heads.attributes'),
        });
        expect(troubles.filter((text) => text.includes(bad))).toEqual([
          expect.stringContaining(`run ${bad} is quarantined`),
        ]);
        for (const runId of others) {
          await ask(partition, { ...key, runId }, { intent: 'cancelRun', act });
          await settle();
          expect(await store.tables.readHead({ ...key, runId })).toMatchObject({ status: 'CANCELLED' });
        }
        if (when === 'at first') ({ node, start, settle, troubles } = await serve());
      }
    });
  });
}
