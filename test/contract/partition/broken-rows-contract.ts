import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeHeadBody, encodeHeadBody } from '#libs/partition/rows/head-body.ts';
import { maybeLoadPastRun, maybeLoadRun } from '#libs/partition/rows/load-run.ts';
import { readEvents } from '#libs/partition/rows/read-events.ts';
import { plainMove } from '#libs/partition/runs/testing/history.ts';
import type { OpenStateStore } from '#libs/store/opening/open-context.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import type { StateHome } from '#test/contract/state/state-homes.ts';
import { createRunWorld, type RunWorld, readRules } from './run-world.ts';

const SIGNAL = new AbortController().signal;
const ALL = { afterSequence: 0, maxEvents: 10_000, maxBytes: 1e9 };

/** What is found out about rows that are cut, missing or do not fit together. [8] */
export function brokenRowsContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    let home: StateHome;
    let store: OpenStateStore;
    let world: RunWorld;

    beforeEach(async () => {
      home = await createHome();
      store = await home.openState();
      world = createRunWorld(store.tables, 'SERVER', 'broken');
    });

    afterEach(async () => {
      await store[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    });

    async function write(...writes: readonly RowWrite[]): Promise<void> {
      await store.tables.writeRows({ position: 1_000_000, time: 1 }, writes, SIGNAL);
    }

    function addSteps(count: number, bytes: number): void {
      const { history } = world;
      history.play([{ ...plainMove({ choice: 4, a: 0, b: 0, elapsedMs: 1 }), bytes, repeats: count - 1 }]);
    }

    function load(): Promise<unknown> {
      return maybeLoadRun(store.tables, readRules, world.history.hot.identity);
    }

    test('a run that there is no row of is none', async () => {
      expect(await load()).toBeUndefined();
      expect(await maybeLoadPastRun(store.tables, readRules, world.history.hot.identity)).toBeUndefined();
    });

    test('[8] a head that is cut anywhere, or of a newer format, is DATA_CORRUPTION', async () => {
      await world.round();
      const head = await store.tables.readHead(world.history.hot.identity);
      if (head === undefined) throw new TypeError('no head');
      const { body } = head;
      const cuts = [0, 1, 5, Math.floor(body.length / 2), body.length - 1].map((size) => body.subarray(0, size));
      const tables = { ...store.tables };
      for (const wrong of [...cuts, Uint8Array.from([9, ...body.subarray(1)]), Uint8Array.from([...body, 1])]) {
        const broken = { ...tables, readHead: async () => ({ ...head, body: wrong }) };
        await expect(maybeLoadRun(broken, readRules, head)).rejects.toMatchObject({ reason: 'DATA_CORRUPTION' });
      }
      await load();
    });

    test('[8] a head whose parts are not of the same moment is DATA_CORRUPTION', async () => {
      await world.round();
      const { identity } = world.history.hot;
      const before = await store.tables.readHead(identity);
      addSteps(1, 10);
      await world.round();
      const after = await store.tables.readHead(identity);
      if (before === undefined || after === undefined) throw new TypeError('no head');
      const [old, fresh] = [decodeHeadBody(before.body), decodeHeadBody(after.body)];
      for (const wrong of [
        { ...fresh, snapshot: old.snapshot },
        { ...fresh, openEvents: old.openEvents },
        { ...fresh, ended: 'last' as const },
      ]) {
        const broken = { ...store.tables, readHead: async () => ({ ...after, body: encodeHeadBody(wrong) }) };
        await expect(maybeLoadRun(broken, readRules, identity)).rejects.toMatchObject({ reason: 'DATA_CORRUPTION' });
      }
    });

    test('[8] a head whose segment is missing, or shorter than it says, is DATA_CORRUPTION', async () => {
      addSteps(4, 10_000);
      await world.round();
      const { identity } = world.history.hot;
      const [segment] = await store.tables.readSegments(identity, 0, 1);
      if (segment === undefined) throw new TypeError('no segment');
      await load();
      await write({ table: 'segments', put: { ...segment, body: segment.body.subarray(0, 15_000) } });
      await expect(load()).rejects.toMatchObject({ reason: 'DATA_CORRUPTION' });
    });

    test('[8] a head whose segment is gone is DATA_CORRUPTION', async () => {
      addSteps(4, 10_000);
      await world.round();
      await write({ table: 'segments', delete: { ...world.history.hot.identity, segment: 0 } });
      await expect(load()).rejects.toMatchObject({ reason: 'DATA_CORRUPTION' });
    });

    test('[8] a head whose snapshot is gone is DATA_CORRUPTION', async () => {
      const { history } = world;
      for (let at = 0; at < 3_000; at += 1) {
        history.act({ kind: 'sendSignal', name: 'go', signalId: `s-${at}-${'x'.repeat(20)}`, payload: undefined });
      }
      await world.round();
      await load();
      await write({ table: 'snapshots', delete: { ...history.hot.identity, version: history.hot.run.lastSequence } });
      await expect(load()).rejects.toMatchObject({ reason: 'DATA_CORRUPTION' });
    });

    test('[8] a segment in the middle that is gone, cut, or of another place is DATA_CORRUPTION', async () => {
      addSteps(350, 10);
      await world.round();
      const { hot, log } = world.history;
      const rows = await store.tables.readSegments(hot.identity, 0, 10);
      expect((await readEvents(store.tables, hot, ALL)).events.length).toBe(log.length);
      const [first, second] = rows;
      if (first === undefined || second === undefined) throw new TypeError('no segments');
      for (const wrong of [
        [first],
        [first, { ...second, body: second.body.subarray(0, 500) }],
        [first, { ...second, body: first.body }],
        [first, { ...second, body: new Uint8Array() }],
      ]) {
        const tables = {
          readSegments: async (_key: unknown, from: number) => wrong.filter(({ segment }) => segment >= from),
        };
        await expect(readEvents(tables, hot, ALL)).rejects.toMatchObject({ reason: 'DATA_CORRUPTION' });
      }
    });
  });
}
