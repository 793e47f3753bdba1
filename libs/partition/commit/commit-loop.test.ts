import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { createMemoryJournalBackend } from '#libs/store/memory/journal.ts';
import { type CommitContext, createCommitContext } from './commit-context.ts';
import type { CommitLine, LineEnd } from './commit-line.ts';
import { type CommitLoop, createCommitLoop } from './commit-loop.ts';
import { createGatedJournal, type GatedJournal } from './testing/gated-journal.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (entries: readonly Uint8Array[]): string[] => entries.map((entry) => new TextDecoder().decode(entry));

interface Bench {
  readonly gated: GatedJournal;
  readonly loop: CommitLoop;
  readonly bugs: unknown[];
  /** How lines ended, by partition. */
  readonly ends: (readonly [partition: number, end: LineEnd])[];
  /** Rings the bell of what is late. */
  readonly ring: () => void;
  readonly open: (partition: number, options?: { mayAnswer?: () => boolean }) => CommitLine;
}

function createBench(gated: GatedJournal = createGatedJournal(createMemoryJournalBackend())): Bench {
  const bugs: unknown[] = [];
  const ends: (readonly [number, LineEnd])[] = [];
  const bells = new Set<() => void>();
  const context: CommitContext = {
    ...createCommitContext(
      () => randomBytes(16),
      (error) => void bugs.push(error),
    ),
    later: (_ms, run) => {
      bells.add(run);
      return () => void bells.delete(run);
    },
  };
  const loop = createCommitLoop(gated.journal, context);
  return {
    gated,
    loop,
    bugs,
    ring: () => {
      for (const bell of bells) bell();
    },
    ends,
    open: (partition, { mayAnswer = () => true } = {}) =>
      loop.open({
        partition,
        epoch: 1,
        nextPosition: 1,
        mayAnswer,
        onEnd: (end) => void ends.push([partition, end]),
      }),
  };
}

async function stored(gated: GatedJournal, partition: number): Promise<string[][]> {
  const records: string[][] = [];
  for await (const record of gated.journal.read(partition, { from: 1 }, new AbortController().signal)) {
    records.push(text(record.entries));
  }
  return records;
}

function watch(line: CommitLine): string[] {
  const news: string[] = [];
  line.whenDurable((what) => void news.push(what));
  return news;
}

describe('a commit', () => {
  test('holds everything that one turn of the loop adds, in order, in one record', async () => {
    const { gated, loop, open } = createBench();
    const line = open(0);
    line.add(bytes('a'));
    line.add(bytes('b'));
    const news = watch(line);
    expect(news).toEqual([]);
    await loop.drain(line);
    expect(news).toEqual(['durable']);
    expect(await stored(gated, 0)).toEqual([['a', 'b']]);
    expect(gated.inserts).toBe(1);
    expect(line.durablePosition).toBe(1);
    expect(line.position).toBe(2);
  });

  test('of several partitions is one trip with a record for each', async () => {
    const { gated, loop, open } = createBench();
    const lines = [open(0), open(1), open(2)];
    lines[0]?.add(bytes('a'));
    lines[2]?.add(bytes('c'));
    await Promise.all(lines.map((line) => loop.drain(line)));
    expect(gated.inserts).toBe(1);
    expect(await stored(gated, 0)).toEqual([['a']]);
    expect(await stored(gated, 1)).toEqual([]);
    expect(await stored(gated, 2)).toEqual([['c']]);
  });

  test('fills while the one before is on its way, and there is one trip at a time', async () => {
    const { gated, loop, open } = createBench();
    const line = open(0);
    gated.hold();
    line.add(bytes('a'));
    await nextTurn();
    line.add(bytes('b'));
    line.add(bytes('c'));
    const news = watch(line);
    await nextTurn();
    expect(gated.inserts).toBe(1);
    expect(news).toEqual([]);
    gated.release();
    await loop.drain(line);
    expect(news).toEqual(['durable']);
    expect(await stored(gated, 0)).toEqual([['a'], ['b', 'c']]);
  });

  test('that a waiter throws at goes on, and the bug is told', async () => {
    const { loop, open, bugs } = createBench();
    const line = open(0);
    line.add(bytes('a'));
    line.whenDurable(() => {
      throw new RangeError('a bug');
    });
    const news = watch(line);
    await loop.drain(line);
    expect(news).toEqual(['durable']);
    expect(bugs).toHaveLength(1);
  });
});

describe('an answer [journal.md 10]', () => {
  test('that looked at state which is not durable waits for it', async () => {
    const { gated, loop, open } = createBench();
    const line = open(0);
    gated.hold();
    line.add(bytes('a'));
    await nextTurn();
    const read = watch(line);
    await nextTurn();
    expect(read).toEqual([]);
    gated.release();
    await loop.drain(line);
    expect(read).toEqual(['durable']);
    expect(watch(line)).toEqual(['durable']);
  });

  test('about an earlier position does not wait for a later one', async () => {
    const { gated, loop, open } = createBench();
    const line = open(0);
    line.add(bytes('a'));
    await loop.drain(line);
    gated.hold();
    line.add(bytes('b'));
    await nextTurn();
    const early: string[] = [];
    const current: string[] = [];
    line.whenDurableAt(1, (news) => void early.push(news));
    line.whenDurableAt(2, (news) => void current.push(news));
    expect(early).toEqual(['durable']);
    expect(current).toEqual([]);
    gated.release();
    await loop.drain(line);
    expect(current).toEqual(['durable']);
  });

  test('is held back while the lease does not allow it, in order [journal.md 11]', async () => {
    const { loop, open } = createBench();
    let mayAnswer = false;
    const line = open(0, { mayAnswer: () => mayAnswer });
    const order: string[] = [];
    line.add(bytes('a'));
    line.whenDurable(() => void order.push('a'));
    await loop.drain(line);
    line.whenDurable(() => void order.push('read'));
    expect(order).toEqual([]);
    line.answerHeld();
    expect(order).toEqual([]);
    mayAnswer = true;
    line.whenDurable(() => void order.push('second read'));
    line.answerHeld();
    expect(order).toEqual(['a', 'read', 'second read']);
  });
});

describe('an unknown outcome [journal.md 5–7]', () => {
  test.each(['loseAnswer', 'loseInsert'] as const)('is settled with the same bytes after %s', async (way) => {
    const { gated, loop, open } = createBench();
    const line = open(0);
    gated.hold();
    line.add(bytes('a'));
    const news = watch(line);
    await nextTurn();
    gated.release(way);
    await loop.drain(line);
    expect(news).toEqual(['durable']);
    expect(await stored(gated, 0)).toEqual([['a']]);
  });

  test('for over a second answers late at once, closes the line and is told for good in the end', async () => {
    const { gated, loop, open, ring } = createBench();
    const line = open(0);
    gated.hold();
    line.add(bytes('a'));
    const first = watch(line);
    await nextTurn();
    line.add(bytes('b'));
    const second = watch(line);
    expect(line.isOpen).toBe(true);
    ring();
    expect(first).toEqual(['late']);
    expect(second).toEqual(['late']);
    expect(line.isOpen).toBe(false);
    expect(watch(line)).toEqual(['late']);
    gated.release();
    await loop.drain(line);
    expect(first).toEqual(['late', 'durable']);
    expect(second).toEqual(['late', 'durable']);
    expect(line.isOpen).toBe(true);
  });

  test('of one partition lets the others go on, and sends nothing newer of its own', async () => {
    const { gated, loop, open, ring } = createBench();
    const [stuck, other] = [open(0), open(1)];
    gated.hold();
    stuck.add(bytes('a'));
    await nextTurn();
    stuck.add(bytes('b'));
    other.add(bytes('x'));
    await nextTurn();
    expect(gated.inserts).toBe(1);
    ring();
    await nextTurn();
    expect(gated.inserts).toBe(2);
    gated.release();
    await Promise.all([loop.drain(stuck), loop.drain(other)]);
    expect(await stored(gated, 0)).toEqual([['a'], ['b']]);
    expect(await stored(gated, 1)).toEqual([['x']]);
  });

  test('closes the line while the batch that fills is full', async () => {
    const { gated, loop, open } = createBench();
    const line = open(0);
    gated.hold();
    line.add(bytes('a'));
    await nextTurn();
    line.add(new Uint8Array(5 * 1024 * 1024));
    expect(line.isOpen).toBe(false);
    gated.release();
    await loop.drain(line);
    expect(line.isOpen).toBe(true);
  });
});

describe('a partition that another owner took [journal.md 8]', () => {
  test('is lost at the first commit: everything that was not durable is told so, and nothing more is sent', async () => {
    const backend = createMemoryJournalBackend();
    const old = createBench(createGatedJournal(backend));
    const line = old.open(0);
    const other = old.open(1);
    await createGatedJournal(backend).journal.writeEpoch(0, 2, new AbortController().signal);
    line.add(bytes('a'));
    const news = watch(line);
    other.add(bytes('x'));
    await vi.waitFor(() => {
      expect(old.ends).toEqual([[0, { kind: 'lost' }]]);
    });
    expect(news).toEqual(['lost']);
    line.add(bytes('b'));
    expect(watch(line)).toEqual(['lost']);
    expect(line.isOpen).toBe(false);
    await old.loop.drain(other);
    expect(await stored(old.gated, 1)).toEqual([['x']]);
    expect(await stored(old.gated, 0)).toEqual([[]]);
  });

  test('may be opened again at a new place, and its old line stays ended', async () => {
    const { gated, loop, open } = createBench();
    const line = open(0);
    line.drop();
    expect(() => open(0)).not.toThrow();
    expect(() => open(0)).toThrow('partition 0 has an open line');
    line.add(bytes('a'));
    await loop.drain(line);
    expect(await stored(gated, 0)).toEqual([]);
  });

  test('is told so when the loop stops in the middle of settling', async () => {
    const { gated, loop, open, ends } = createBench();
    const line = open(0);
    gated.hold();
    line.add(bytes('a'));
    const news = watch(line);
    await nextTurn();
    loop.stop();
    gated.release('loseInsert');
    await nextTurn();
    expect(news).toEqual(['lost']);
    expect(ends).toEqual([[0, { kind: 'lost' }]]);
  });
});
