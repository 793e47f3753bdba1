import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createByteReader } from '#libs/engine/log/byte-reader.ts';
import { createByteWriter, writtenBytes } from '#libs/engine/log/byte-writer.ts';
import { encodeEvent } from '#libs/engine/log/event-codec.ts';
import { LogError, type LogErrorReason } from '#libs/engine/model/log-error.ts';
import type { RunIdentity } from '#libs/engine/model/run.ts';
import { decodeRecord } from '#libs/store/journal/decode-record.ts';
import { createRecordWriter } from '#libs/store/journal/record-writer.ts';
import { decodeEvents } from './event-bytes.ts';
import { encodeRunName, type RunEntry, readEntryKind, readRunEntry, writeRunEntryHead } from './run-entry.ts';
import type { StartFacts } from './start-facts.ts';
import { createHistory, type History, plainMove } from './testing/history.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 });
const identities: fc.Arbitrary<RunIdentity> = fc.record({
  tenantId: text,
  runId: text,
  incarnation: fc.uuid({ version: 7 }),
  driver: fc.constantFrom('SERVER', 'CLIENT'),
});
const starts: fc.Arbitrary<StartFacts> = fc.record({
  request: fc.option(fc.record({ requestId: text, argumentsHash: fc.uint8Array({ maxLength: 32 }) }), {
    nil: undefined,
  }),
  retentionMs: fc.maxSafeNat(),
  traceparent: text,
});

function entryOf(identity: RunIdentity, start: StartFacts | undefined, firstSequence: number, history: History) {
  const events = history.log.slice(0, 3);
  const writer = createByteWriter(16);
  writeRunEntryHead(writer, encodeRunName(identity), start, { firstSequence, count: events.length });
  for (const event of events) encodeEvent(writer, event, history.hot.baseTime);
  return writtenBytes(writer).slice();
}

function read(bytes: Uint8Array): RunEntry {
  const reader = createByteReader(bytes);
  expect(readEntryKind(reader)).toBe('run');
  const entry = readRunEntry(reader);
  expect(reader.position).toBe(reader.end);
  return entry;
}

function reasonOf(action: () => unknown): LogErrorReason | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof LogError) return error.reason;
    throw error;
  }
  return undefined;
}

function someHistory(): History {
  const history = createHistory('SERVER');
  history.play([plainMove({ choice: 0, a: 0, b: 0, elapsedMs: 1 })]);
  return history;
}

test('an entry is the same after it was written and read, whoever the run is', () => {
  const history = someHistory();
  fc.assert(
    fc.property(identities, starts, (identity, start) => {
      const entry = read(entryOf(identity, start, 1, history));
      expect(entry).toMatchObject({ identity, start, events: { firstSequence: 1, count: 3 } });
      expect(decodeEvents(entry.events, history.hot.baseTime)).toEqual(history.log.slice(0, 3));
      expect(read(entryOf(identity, undefined, 70_000, history)).start).toBeUndefined();
    }),
  );
});

test('what is kept of an entry that was read from a journal record keeps no memory of the record', () => {
  const { hot } = someHistory();
  const history = someHistory();
  const writer = createRecordWriter();
  writer.add(randomBytes(100_000));
  writer.add(entryOf(hot.identity, hot.start, 1, history));
  const key = { partition: 0, position: 1 };
  const bytes = writer.finish({ ...key, epoch: 1, isEpoch: false, batchId: randomBytes(16) });
  const [, entryBytes = new Uint8Array()] = decodeRecord(key, bytes).entries;
  const { start, events } = read(entryBytes);
  expect(events.bytes.slice().buffer.byteLength).toBe(events.bytes.length);
  expect(start?.request?.argumentsHash.buffer.byteLength).toBe(3);
});

describe('[8] an entry', () => {
  const { hot, log } = someHistory();
  const bytes = entryOf(hot.identity, hot.start, 1, { hot, log } as History);

  test('of an unknown kind is a named error', () => {
    for (const kind of [0, 3, 255]) {
      expect(reasonOf(() => readEntryKind(createByteReader(Uint8Array.of(kind))))).toBe('UNKNOWN_KIND');
    }
    expect(reasonOf(() => readEntryKind(createByteReader(new Uint8Array())))).toBe('TRUNCATED');
  });

  test('that is cut anywhere is a named error, at the latest when its events are read', () => {
    for (let size = 0; size < bytes.length; size += 1) {
      const cut = bytes.subarray(0, size);
      const reason = reasonOf(() => decodeEvents(read(cut).events, hot.baseTime));
      expect(reason).toBe('TRUNCATED');
    }
  });

  test('without events, or with a start that stands elsewhere than at the beginning, is a named error', () => {
    for (const [start, firstSequence, count] of [
      [hot.start, 1, 0],
      [hot.start, 0, 1],
      [hot.start, 2, 1],
      [undefined, 1, 1],
    ] as const) {
      const writer = createByteWriter(16);
      writeRunEntryHead(writer, encodeRunName(hot.identity), start, { firstSequence, count });
      expect(reasonOf(() => read(writtenBytes(writer).slice()))).toBe('MALFORMED');
    }
  });

  test('at random is a named error or an entry, never a crash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (tail) => {
        reasonOf(() => decodeEvents(readRunEntry(createByteReader(tail)).events, hot.baseTime));
      }),
      { numRuns: 2_000 },
    );
  });
});
