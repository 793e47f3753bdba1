import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { RunKey } from '#libs/store/tables/keys.ts';
import { createMailboxes, type Mailboxes, type MailboxOptions } from './mailboxes.ts';
import { runIdKey } from './run-id-key.ts';

interface Cell {
  value: string;
}

interface Visit {
  readonly onRun: (run: Cell | undefined) => void;
  readonly onFailure: (error: unknown) => void;
}

interface Shelf {
  readonly boxes: Mailboxes<Cell, Visit>;
  /** Ends the oldest load. */
  readonly finish: (run: Cell | undefined) => Promise<void>;
  readonly fail: (error: unknown) => Promise<void>;
  readonly loads: string[];
  readonly log: string[];
  readonly note: (name: string) => Visit;
}

const key = (runId: string): RunKey => ({ tenantId: 't', runId });

function createShelf(options: Partial<MailboxOptions<Cell, Visit>> = {}): Shelf {
  const loads: string[] = [];
  const log: string[] = [];
  const pending: PromiseWithResolvers<Cell | undefined>[] = [];
  const boxes = createMailboxes<Cell, Visit>({
    onRun: (_key, run, visit) => visit.onRun(run),
    onFailure: (visit, error) => visit.onFailure(error),
    load: ({ runId }) => {
      loads.push(runId);
      const load = Promise.withResolvers<Cell | undefined>();
      pending.push(load);
      return load.promise;
    },
    ...options,
  });
  return {
    boxes,
    finish: async (run) => {
      pending.shift()?.resolve(run);
      await nextTurn();
    },
    fail: async (error) => {
      pending.shift()?.reject(error);
      await nextTurn();
    },
    loads,
    log,
    note: (name) => ({
      onRun: (run) => void log.push(`${name}: ${run?.value ?? 'none'}`),
      onFailure: (error) => void log.push(`${name}: ${error instanceof Error ? error.message : String(error)}`),
    }),
  };
}

describe('mailboxes', () => {
  test('visit a run that is in memory at once', () => {
    const { boxes, log, note, loads } = createShelf();
    boxes.put(runIdKey(key('a')), { value: 'here' });
    boxes.visit(key('a'), note('v'));
    expect(log).toEqual(['v: here']);
    expect(loads).toEqual([]);
    expect(boxes.peek(runIdKey(key('a')))).toEqual({ value: 'here' });
    expect([...boxes.runs()]).toHaveLength(1);
  });

  test('load a run once for all who wait for it, and visit it in the order in which they came', async () => {
    const { boxes, log, note, loads, finish } = createShelf();
    boxes.visit(key('a'), note('1'));
    boxes.visit(key('a'), note('2'));
    expect(log).toEqual([]);
    await finish({ value: 'loaded' });
    boxes.visit(key('a'), note('3'));
    expect(log).toEqual(['1: loaded', '2: loaded', '3: loaded']);
    expect(loads).toEqual(['a']);
    expect(boxes.size).toBe(1);
  });

  test('let a run that is in memory pass one that is being loaded', async () => {
    const { boxes, log, note, finish } = createShelf();
    boxes.put(runIdKey(key('b')), { value: 'here' });
    boxes.visit(key('a'), note('slow'));
    boxes.visit(key('b'), note('fast'));
    expect(log).toEqual(['fast: here']);
    await finish(undefined);
    expect(log).toEqual(['fast: here', 'slow: none']);
    expect(boxes.size).toBe(1);
  });

  test('show a run that one visit made to the next one, also when that comes from within', async () => {
    const { boxes, log, note, finish } = createShelf();
    boxes.visit(key('a'), {
      onRun: () => {
        boxes.put(runIdKey(key('a')), { value: 'made' });
        boxes.visit(key('a'), note('inner'));
        log.push('first');
      },
      onFailure: () => {},
    });
    boxes.visit(key('a'), note('second'));
    await finish(undefined);
    expect(log).toEqual(['first', 'second: made', 'inner: made']);
  });

  test('tell all who wait that a load failed, and try again at the next visit', async () => {
    const { boxes, log, note, loads, finish, fail } = createShelf();
    boxes.visit(key('a'), note('1'));
    boxes.visit(key('a'), note('2'));
    await fail(new RangeError('no answer'));
    expect(log).toEqual(['1: no answer', '2: no answer']);
    boxes.visit(key('a'), note('3'));
    await finish({ value: 'loaded' });
    expect(loads).toEqual(['a', 'a']);
    expect(log.at(-1)).toBe('3: loaded');
  });

  test('load a run again after it was evicted', async () => {
    const { boxes, note, loads, finish } = createShelf();
    boxes.put(runIdKey(key('a')), { value: 'here' });
    boxes.evict(runIdKey(key('a')));
    boxes.visit(key('a'), note('v'));
    await finish(undefined);
    expect(loads).toEqual(['a']);
  });

  test('keep ids of tenants apart that read the same when joined', () => {
    const { boxes } = createShelf();
    boxes.put(runIdKey({ tenantId: 'a', runId: 'bc' }), { value: '1' });
    expect(boxes.peek(runIdKey({ tenantId: 'ab', runId: 'c' }))).toBeUndefined();
  });

  test('load so many runs at a time and no more', async () => {
    const { boxes, note, loads, finish } = createShelf({ maxLoads: 2 });
    for (const id of ['a', 'b', 'c', 'd']) boxes.visit(key(id), note(id));
    expect(loads).toEqual(['a', 'b']);
    await finish(undefined);
    expect(loads).toEqual(['a', 'b', 'c']);
  });

  test('refuse visits beyond the limit of those that wait, naming it', async () => {
    const { boxes, log, note, finish } = createShelf({ maxWaitingPerRun: 1 });
    boxes.visit(key('a'), note('1'));
    boxes.visit(key('a'), note('2'));
    expect(log).toEqual(['2: more than 1 calls wait for run a to be loaded']);
    await finish(undefined);
    expect(log.at(-1)).toBe('1: none');
  });

  test('fail every visit once they are closed, those in the middle of a load too', async () => {
    const { boxes, log, note, finish } = createShelf();
    boxes.put(runIdKey(key('b')), { value: 'here' });
    boxes.visit(key('a'), note('1'));
    boxes.close(new RangeError('lost'));
    boxes.visit(key('b'), note('2'));
    await finish({ value: 'loaded' });
    expect(log).toEqual(['1: lost', '2: lost']);
    expect(boxes.size).toBe(0);
  });
});
