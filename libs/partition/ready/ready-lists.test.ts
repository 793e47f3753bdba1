import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { freeTenantOf } from '#libs/store/tables/free-tenant.ts';
import { createDispatchOrder } from './dispatch-order.ts';
import type { ReadyEntry } from './ready-entry.ts';
import { createReadyLists, type ReadyLists } from './ready-lists.ts';
import { ANY_DEFINITION, type WorkerShape } from './worker-shape.ts';

const NOW = 1_000_000;

let sequence = 0;

function entry(fields: Partial<ReadyEntry> = {}): ReadyEntry {
  sequence += 1;
  return {
    tenantId: 't',
    runId: `r${sequence}`,
    incarnation: 'i',
    nodePath: 'n',
    itemSequence: sequence,
    workflow: 'w',
    version: '1',
    queue: 'q',
    tags: [],
    priority: 3,
    scheduleTime: NOW,
    failedWorkerId: '',
    ...fields,
  };
}

function shape(tags: readonly string[] = [], fields: Partial<WorkerShape> = {}): WorkerShape {
  return {
    tenantId: 't',
    queues: new Set(['q']),
    tags: new Set(tags),
    definitions: new Set([ANY_DEFINITION]),
    ...fields,
  };
}

function join(lists: ReadyLists, sessionId: string, credits = 1, tags: readonly string[] = []): void {
  lists.join({ sessionId, workerId: sessionId, shape: shape(tags), credits });
}

function claimAll(lists: ReadyLists, sessionId: string): ReadyEntry[] {
  lists.setCredits(sessionId, 1_000);
  const claimed: ReadyEntry[] = [];
  for (let next = lists.claim(sessionId); next !== undefined; next = lists.claim(sessionId)) claimed.push(next);
  return claimed;
}

function claimBy(lists: ReadyLists, tags: readonly string[]): ReadyEntry[] {
  join(lists, 's', 0, tags);
  const claimed = claimAll(lists, 's');
  lists.leave('s');
  return claimed;
}

describe('a claim', () => {
  test('[20] of a session that has an order of its own goes by that, and leaves the others theirs', () => {
    const lists = createReadyLists();
    const old = entry({ priority: 5, scheduleTime: NOW - 2_000_000 });
    const urgent = entry({ priority: 1 });
    for (const one of [old, urgent]) lists.offer(one);
    const by = { workerId: 'w', shape: shape(), credits: 1 };
    lists.join({ sessionId: 'no-aging', ...by, order: createDispatchOrder(Infinity) });
    lists.join({ sessionId: 'usual', ...by });
    expect(lists.claim('no-aging')).toBe(urgent);
    lists.offer(entry({ priority: 2 }));
    expect(lists.claim('usual')).toBe(old);
  });

  test('takes free items of its tenant beside those of runs, in one order', () => {
    const lists = createReadyLists();
    const [second, first, other] = [
      entry({ scheduleTime: NOW }),
      entry({ tenantId: freeTenantOf('t'), scheduleTime: NOW - 1 }),
      entry({ tenantId: freeTenantOf('other') }),
    ];
    for (const one of [second, first, other]) lists.offer(one);
    expect(claimBy(lists, [])).toEqual([first, second]);
  });

  test('[19] takes the lower number of priority first, and of equal ones the oldest', () => {
    const lists = createReadyLists({ agingMs: Infinity });
    const items = [entry({ priority: 5 }), entry({ priority: 3 }), entry({ priority: 1 })];
    const older = entry({ priority: 3, scheduleTime: NOW - 1 });
    for (const item of [...items, older]) lists.offer(item);
    expect(claimBy(lists, [])).toEqual([items[2], older, items[1], items[0]]);
  });

  test('[20] lets age make up for priority', () => {
    const lists = createReadyLists({ agingMs: 60_000 });
    const fresh = entry({ priority: 1 });
    const old = entry({ priority: 5, scheduleTime: NOW - 600_000 });
    lists.offer(fresh);
    lists.offer(old);
    expect(claimBy(lists, [])).toEqual([old, fresh]);
  });

  test.each([0, -5, 1_000])('[20] counts an aging of %d ms as one second', (agingMs) => {
    const lists = createReadyLists({ agingMs });
    const items = [3_999, 4_001].map((waitedMs) => entry({ priority: 5, scheduleTime: NOW - waitedMs }));
    const fresh = entry({ priority: 1 });
    for (const item of [fresh, ...items]) lists.offer(item);
    expect(claimBy(lists, [])).toEqual([items[1], fresh, items[0]]);
  });

  test.each([
    [['cpu'], ['none']],
    [
      ['gpu', 'x'],
      ['gpu', 'none'],
    ],
    [
      ['eu', 'gpu'],
      ['gpu', 'both', 'none'],
    ],
    [[], ['none']],
  ])('[21] by a worker with tags %j gets the items %j', (tags, expected) => {
    const lists = createReadyLists();
    lists.offer(entry({ runId: 'gpu', tags: ['gpu'] }));
    lists.offer(entry({ runId: 'both', tags: ['eu', 'gpu'] }));
    lists.offer(entry({ runId: 'none' }));
    expect(claimBy(lists, tags).map(({ runId }) => runId)).toEqual(expected);
  });

  test('[24] gets what failed on the worker last, while another gets it in its place', () => {
    for (const [sessionId, expected] of [
      ['a', ['second', 'failed']],
      ['b', ['failed', 'second']],
    ] as const) {
      const lists = createReadyLists();
      lists.offer(entry({ runId: 'failed', priority: 1, failedWorkerId: 'a' }));
      lists.offer(entry({ runId: 'second' }));
      join(lists, sessionId, 0);
      expect(claimAll(lists, sessionId).map(({ runId }) => runId)).toEqual(expected);
    }
  });

  test('costs a credit and gets nothing without one', () => {
    const lists = createReadyLists();
    lists.offer(entry());
    lists.offer(entry());
    join(lists, 'a', 1);
    expect(lists.claim('a')).toBeDefined();
    expect(lists.creditsOf('a')).toBe(0);
    expect(lists.claim('a')).toBeUndefined();
    expect(lists.claim('gone')).toBeUndefined();
    expect(lists.size).toBe(1);
  });

  test('does not see what was withdrawn', () => {
    const lists = createReadyLists();
    const items = [entry(), entry(), entry()];
    for (const item of items) lists.offer(item);
    const [, middle = entry()] = items;
    expect(lists.withdraw(middle)).toBe(true);
    expect(lists.withdraw(middle)).toBe(false);
    expect(claimBy(lists, [])).toEqual([items[0], items[2]]);
  });

  test('follows a change of shape', () => {
    const lists = createReadyLists();
    const tagged = entry({ tags: ['gpu'] });
    lists.offer(tagged);
    join(lists, 'a', 2);
    expect(lists.claim('a')).toBeUndefined();
    lists.changeShape('a', shape(['gpu']));
    expect(lists.claim('a')).toBe(tagged);
    lists.changeShape('a', shape([], { definitions: new Set(['w@2']) }));
    expect(lists.offer(entry()).kind).toBe('queued');
    expect(lists.offer(entry({ version: '2' }))).toEqual({ kind: 'assigned', sessionId: 'a' });
  });
});

describe('an offer', () => {
  test('goes to the sessions with credits in turn', () => {
    const lists = createReadyLists();
    join(lists, 'a', 2);
    join(lists, 'b', 2, ['gpu']);
    join(lists, 'c', 1);
    const offers = Array.from({ length: 6 }, () => lists.offer(entry()));
    expect(offers.map((offer) => (offer.kind === 'assigned' ? offer.sessionId : offer.kind))).toEqual([
      'a',
      'b',
      'c',
      'a',
      'b',
      'queued',
    ]);
  });

  test('prefers the session that had the run, while it has a credit', () => {
    const lists = createReadyLists();
    join(lists, 'a', 1);
    join(lists, 'b', 1);
    expect(lists.offer(entry(), 'b')).toEqual({ kind: 'assigned', sessionId: 'b' });
    expect(lists.offer(entry(), 'b')).toEqual({ kind: 'assigned', sessionId: 'a' });
    expect(lists.offer(entry(), 'b').kind).toBe('queued');
  });

  test('does not overtake what waits for the preferred session, unless it is more urgent', () => {
    const lists = createReadyLists();
    const waiting = entry();
    lists.offer(waiting);
    join(lists, 'a', 3);
    expect(lists.offer(entry(), 'a').kind).toBe('queued');
    expect(lists.offer(entry({ priority: 1 }), 'a')).toEqual({ kind: 'assigned', sessionId: 'a' });
    expect(lists.claim('a')).toBe(waiting);
  });

  test('goes to the worker on which the item failed only when there is no other', () => {
    const lists = createReadyLists();
    join(lists, 'a', 2);
    join(lists, 'b', 1);
    expect(lists.offer(entry({ failedWorkerId: 'a' }), 'a')).toEqual({ kind: 'assigned', sessionId: 'b' });
    expect(lists.offer(entry({ failedWorkerId: 'a' }), 'a')).toEqual({ kind: 'assigned', sessionId: 'a' });
  });

  test('reaches no session that has left, no other tenant and no other queue', () => {
    const lists = createReadyLists();
    join(lists, 'a', 1);
    expect(lists.offer(entry({ tenantId: 'u' })).kind).toBe('queued');
    expect(lists.offer(entry({ queue: 'p' })).kind).toBe('queued');
    lists.leave('a');
    expect(lists.offer(entry()).kind).toBe('queued');
    expect([...lists.heads('t')]).toHaveLength(2);
  });

  test('of an entry that is there already, or has no legal priority, is refused', () => {
    const lists = createReadyLists();
    const item = entry();
    lists.offer(item);
    expect(() => lists.offer(item)).toThrow(RangeError);
    expect(() => lists.offer(entry({ priority: 6 }))).toThrow(RangeError);
    expect(() => lists.offer(entry({ scheduleTime: Number.NaN }))).toThrow(RangeError);
  });

  test('uses no credit that was taken for something else', () => {
    const lists = createReadyLists();
    join(lists, 'a', 1);
    expect(lists.takeCredit('a')).toBe(true);
    expect(lists.takeCredit('a')).toBe(false);
    expect(lists.offer(entry()).kind).toBe('queued');
  });
});

describe('a full list', () => {
  test('keeps an item from workers of the build that diverged, whatever else they can do', () => {
    const lists = createReadyLists();
    const withBuild = (build: string): WorkerShape =>
      shape([], { definitions: new Set(['w@1']), builds: new Map([['w@1', build]]) });
    lists.join({ sessionId: 'old', workerId: 'old', shape: withBuild('b1'), credits: 2 });
    const item = entry({ avoidedBuild: 'b1' });
    expect(lists.offer(item, 'old').kind).toBe('queued');
    expect(lists.whyNotDispatched(item)).toEqual({ reason: 'NO_WORKER', missing: 'build' });
    expect(lists.claim('old')).toBeUndefined();
    expect(lists.offer(entry({}))).toEqual({ kind: 'assigned', sessionId: 'old' });
    lists.join({ sessionId: 'silent', workerId: 'silent', shape: shape([], {}), credits: 1 });
    expect(lists.claim('silent')).toBe(item);
    lists.join({ sessionId: 'new', workerId: 'new', shape: withBuild('b2'), credits: 1 });
    expect(lists.offer(entry({ avoidedBuild: 'b1' }))).toEqual({ kind: 'assigned', sessionId: 'new' });
  });

  test('spills, goes on spilling until its tail is loaded, and keeps its order', () => {
    const lists = createReadyLists({ maxEntriesPerList: 4 });
    const items = Array.from({ length: 6 }, (_, index) => entry({ scheduleTime: NOW + index }));
    expect(items.map((item) => lists.offer(item).kind)).toEqual([
      ...Array.from({ length: 4 }, () => 'queued'),
      'spilled',
      'spilled',
    ]);
    expect([...lists.needsRefill()]).toEqual([]);
    const [first = entry()] = items;
    expect(lists.sizeOf(first)).toBe(4);
    const claimed = claimBy(lists, []);
    join(lists, 'a', 1);
    const late = entry({ scheduleTime: NOW + 9 });
    const [stale = { name: first, spilledCount: -1 }] = lists.needsRefill();
    expect(lists.offer(late).kind).toBe('spilled');
    const tail = [...items.slice(4), late];
    expect(tail.map((item) => lists.refill(item).kind)).toEqual(['assigned', 'queued', 'queued']);
    expect(lists.endRefill(stale)).toBe(false);
    expect(lists.sizeOf(first)).toBe(2);
    expect([...lists.needsRefill()]).toEqual([]);
    lists.setCredits('a', 1);
    expect(lists.claim('a')).toBe(items[5]);
    const [fresh = stale] = lists.needsRefill();
    expect(lists.endRefill(fresh)).toBe(true);
    expect([...claimed, items[4], items[5], ...claimAll(lists, 'a')]).toEqual([...items, late]);
    expect(lists.offer(entry()).kind).toBe('assigned');
  });
});

describe('why an item is not dispatched', () => {
  test('names what no worker has, else that all are busy', () => {
    const lists = createReadyLists();
    const item = entry({ tags: ['gpu'] });
    expect(lists.whyNotDispatched(item)).toEqual({ reason: 'NO_WORKER', missing: 'queue' });
    lists.join({ sessionId: 'a', workerId: 'a', shape: shape([], { definitions: new Set(['w@2']) }), credits: 1 });
    expect(lists.whyNotDispatched(item)).toEqual({ reason: 'NO_WORKER', missing: 'definition' });
    join(lists, 'b', 1);
    expect(lists.whyNotDispatched(item)).toEqual({ reason: 'NO_WORKER', missing: 'tags' });
    join(lists, 'c', 0, ['gpu']);
    expect(lists.whyNotDispatched(item)).toEqual({ reason: 'NO_CREDIT' });
    lists.setCredits('c', 1);
    expect(lists.whyNotDispatched(item)).toBeUndefined();
  });
});

test('claims and withdrawals agree with sorting everything by effective priority, age and arrival', () => {
  const agingMs = 1_000;
  const item = fc.record({
    priority: fc.integer({ min: 1, max: 5 }),
    scheduleTime: fc.integer({ min: NOW - 5_000, max: NOW }),
    tags: fc.subarray(['a', 'b']),
    queue: fc.constantFrom('q', 'p'),
    version: fc.constantFrom('1', '2'),
    failedWorkerId: fc.constantFrom('', '', 'x', 'y'),
  });
  const move = fc.oneof(
    item.map((fields) => ({ kind: 'offer' as const, fields })),
    fc.record({
      kind: fc.constant('claim' as const),
      workerId: fc.constantFrom('x', 'y'),
      tags: fc.subarray(['a', 'b']),
    }),
    fc.record({ kind: fc.constant('withdraw' as const), index: fc.nat(50) }),
  );
  fc.assert(
    fc.property(fc.array(move, { maxLength: 80, size: 'max' }), (steps) => {
      const lists = createReadyLists({ agingMs });
      const waiting: ReadyEntry[] = [];
      const effective = ({ priority, scheduleTime }: ReadyEntry): number => priority - (NOW - scheduleTime) / agingMs;
      for (const step of steps) {
        if (step.kind === 'offer') {
          const offered = entry(step.fields);
          expect(lists.offer(offered).kind).toBe('queued');
          waiting.push(offered);
        } else if (step.kind === 'withdraw') {
          const [gone] = waiting.splice(step.index, 1);
          if (gone !== undefined) expect(lists.withdraw(gone)).toBe(true);
        } else {
          const { workerId, tags } = step;
          const definitions = new Set(['w@1']);
          lists.join({ sessionId: 's', workerId, shape: shape(tags, { definitions }), credits: 1 });
          const failed = (e: ReadyEntry): number => Number(e.failedWorkerId === workerId);
          // Milliseconds, rounded: divided times do not compare exactly. The sort keeps arrivals in order.
          const rank = (e: ReadyEntry): number => Math.round(effective(e) * agingMs);
          const [best] = waiting
            .filter((e) => e.queue === 'q' && e.version === '1' && e.tags.every((tag) => tags.includes(tag)))
            .toSorted((a, b) => failed(a) - failed(b) || rank(a) - rank(b) || a.scheduleTime - b.scheduleTime);
          expect(lists.claim('s')).toBe(best);
          if (best !== undefined) waiting.splice(waiting.indexOf(best), 1);
          lists.leave('s');
        }
        expect(lists.size).toBe(waiting.length);
      }
    }),
  );
});

test('a hundred thousand items, a tenth of them for nobody, are queued, claimed and handed on fast', () => {
  const lists = createReadyLists();
  const count = 100_000;
  const items = Array.from({ length: count }, (_, index) =>
    entry({ tags: index % 10 === 0 ? ['foreign'] : [], priority: 1 + (index % 5), scheduleTime: NOW + index }),
  );
  const queuedFrom = performance.now();
  for (const item of items) lists.offer(item);
  const claimedFrom = performance.now();
  join(lists, 'a', count);
  for (let left = count * 0.9; left > 0; left -= 1) expect(lists.claim('a') === undefined).toBe(false);
  expect(lists.claim('a')).toBeUndefined();
  const handedFrom = performance.now();
  lists.setCredits('a', count);
  for (const item of items) if (item.tags.length === 0) lists.offer(item, 'a');
  const end = performance.now();
  const perItemUs = [claimedFrom - queuedFrom, handedFrom - claimedFrom, end - handedFrom].map(
    (ms) => (ms / count) * 1_000,
  );
  expect(lists.creditsOf('a')).toBe(count / 10);
  // Some ten times what it takes on a slow machine.
  expect(Math.max(...perItemUs)).toBeLessThan(50);
});
