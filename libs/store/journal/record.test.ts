import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DomainError } from '#libs/errors/domain-error.ts';
import { decodeRecord } from './decode-record.ts';
import {
  EMPTY_RECORD_BYTES,
  isEpochRecord,
  MAX_EPOCH,
  MAX_PARTITION,
  MAX_POSITION,
  RECORD_LAYOUT,
  RECORD_MAX_BYTES,
} from './record-format.ts';
import { createRecordWriter, encodeRecord, type RecordContents } from './record-writer.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const entry = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc.integer({ min: 0, max: 70_000 }).map((n) => Buffer.alloc(n, n)),
);
const contents: fc.Arbitrary<RecordContents> = fc.record({
  partition: fc.integer({ min: 0, max: MAX_PARTITION }),
  position: fc.oneof(
    fc.integer({ min: 1, max: 1000 }),
    fc.maxSafeInteger().map((n) => 1 + (Math.abs(n) % MAX_POSITION)),
  ),
  epoch: fc.integer({ min: 0, max: MAX_EPOCH }),
  isEpoch: fc.boolean(),
  batchId: bytes(16),
  entries: fc.array(entry, { maxLength: 40 }),
});

const SAMPLE: RecordContents = {
  partition: 3,
  position: 17,
  epoch: 5,
  isEpoch: false,
  batchId: Buffer.alloc(16, 9),
  entries: [Buffer.from('first'), Buffer.alloc(0), Buffer.alloc(200, 1)],
};

function plain({ batchId, entries, ...rest }: RecordContents) {
  return {
    ...rest,
    batchId: Buffer.from(batchId).toString('hex'),
    entries: entries.map((one) => Buffer.from(one).toString('hex')),
  };
}

function damageOf(encoded: Uint8Array, key = { partition: 3, position: 17 }): DomainError {
  try {
    decodeRecord(key, encoded);
  } catch (error) {
    expect(error).toBeInstanceOf(DomainError);
    return error as DomainError;
  }
  throw new Error('it was decoded');
}

/** Makes the checksum right again. */
function reseal(record: Buffer): Buffer {
  record.writeUInt32BE(record.length, RECORD_LAYOUT.length);
  record.writeUInt32BE(crc32(record.subarray(0, -4)), record.length - 4);
  return record;
}

test('what is encoded is decoded, by the function and by the writer', () => {
  const writer = createRecordWriter();
  fc.assert(
    fc.property(contents, (record) => {
      const encoded = encodeRecord(record);
      for (const one of record.entries) writer.add(one);
      expect(writer.entryCount).toBe(record.entries.length);
      expect(writer.byteLength).toBe(encoded.length);
      const written = writer.finish(record);
      expect(Buffer.compare(written, encoded)).toBe(0);
      expect(plain(decodeRecord(record, encoded))).toEqual(plain(record));
      expect(isEpochRecord(encoded)).toBe(record.isEpoch);
    }),
  );
});

test('a finished record is not touched by the ones that follow', () => {
  const writer = createRecordWriter();
  writer.add(Buffer.from('one'));
  const first = writer.finish(SAMPLE);
  const copy = Buffer.from(first);
  for (let i = 0; i < 50; i += 1) {
    writer.add(Buffer.alloc(1000, i));
    writer.finish({ ...SAMPLE, position: 18 + i });
  }
  expect(Buffer.compare(first, copy)).toBe(0);
});

test('every flipped byte is noticed', () => {
  const encoded = encodeRecord(SAMPLE);
  for (let i = 0; i < encoded.length; i += 1) {
    for (const flip of [0x01, 0x80, 0xff]) {
      const flipped = Buffer.from(encoded);
      flipped[i] = (flipped[i] ?? 0) ^ flip;
      expect(damageOf(flipped).reason).toBe('DATA_CORRUPTION');
    }
  }
});

test('every truncation and every trailing byte is noticed', () => {
  fc.assert(
    fc.property(contents, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (record, share) => {
      const encoded = encodeRecord(record);
      const cut = encoded.subarray(0, Math.floor(encoded.length * share));
      expect(damageOf(cut, record).metadata['problem']).toBe('TRUNCATED');
      expect(damageOf(Buffer.concat([encoded, Buffer.alloc(1)]), record).metadata['problem']).toBe('TRAILING_BYTES');
    }),
  );
  const encoded = encodeRecord(SAMPLE);
  for (let length = 0; length < encoded.length; length += 1) {
    expect(damageOf(encoded.subarray(0, length)).metadata['problem']).toBe('TRUNCATED');
  }
});

test('foreign bytes never crash and are never read', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (foreign) => {
      expect(damageOf(foreign).reason).toBe('DATA_CORRUPTION');
    }),
  );
  expect(damageOf(Buffer.from('something else that is long enough to be a record')).metadata['problem']).toBe(
    'FOREIGN',
  );
});

test('bytes behind a good checksum are still not believed', () => {
  const start = EMPTY_RECORD_BYTES - 4;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }), (body, count) => {
      const record = Buffer.concat([
        encodeRecord({ ...SAMPLE, entries: [] }).subarray(0, start),
        body,
        Buffer.alloc(4),
      ]);
      record.writeUInt32BE(count, RECORD_LAYOUT.entryCount);
      reseal(record);
      try {
        const { entries } = decodeRecord(SAMPLE, record);
        const bytesOfEntries = entries.reduce((sum, one) => sum + one.length, 0);
        expect(entries.length).toBe(count);
        expect(bytesOfEntries).toBeLessThanOrEqual(body.length);
      } catch (error) {
        expect(error).toBeInstanceOf(DomainError);
      }
    }),
    { numRuns: 1000 },
  );
});

test('the error names partition, position and what is wrong', () => {
  const encoded = Buffer.from(encodeRecord(SAMPLE));
  const newer = Buffer.from(encoded);
  newer[RECORD_LAYOUT.format] = 2;
  const start = 'the record at partition 3, position 17 is damaged: ';
  expect(damageOf(newer).message).toBe(`${start}its format is 2, this program reads 1`);
  expect(damageOf(newer).metadata).toEqual({ partition: '3', position: '17', problem: 'UNKNOWN_FORMAT' });
  expect(damageOf(encoded.subarray(0, 10)).message).toBe(`${start}it has 10 bytes, a record has at least 50`);
  expect(damageOf(encoded.subarray(0, 60)).message).toBe(`${start}it has 60 bytes and says that it has 259`);
  expect(damageOf(encoded, { partition: 3, position: 18 }).message).toBe(
    'the record at partition 3, position 18 is damaged: it was written for partition 3, position 17',
  );
  const kind = Buffer.from(encoded);
  kind[RECORD_LAYOUT.kind] = 7;
  expect(damageOf(reseal(kind)).message).toBe(`${start}its kind is 7, which this program does not know`);
});

test('fields out of their range are refused with the range', () => {
  const refusal = (fields: Partial<RecordContents>) => () => encodeRecord({ ...SAMPLE, ...fields });
  expect(refusal({ partition: 1024 })).toThrow('partition 1024 is not an integer from 0 to 1023');
  expect(refusal({ position: 0 })).toThrow('position 0 is not an integer from 1 to 8796093022207');
  expect(refusal({ epoch: 1.5 })).toThrow('epoch 1.5 is not an integer from 0 to 16777215');
  expect(refusal({ batchId: Buffer.alloc(15) })).toThrow('batch id has 15 bytes, not 16');
});

test('a record has a largest size, and an entry that goes over it leaves the writer as it was', () => {
  const writer = createRecordWriter();
  const half = Buffer.alloc(RECORD_MAX_BYTES / 2 - 100);
  writer.add(half);
  writer.add(half);
  const before = writer.byteLength;
  expect(() => writer.add(half)).toThrow(`larger than ${RECORD_MAX_BYTES}`);
  expect(writer.byteLength).toBe(before);
  expect(decodeRecord(SAMPLE, writer.finish(SAMPLE)).entries.length).toBe(2);
  expect(() => encodeRecord({ ...SAMPLE, entries: [half, half, half] })).toThrow(RangeError);
});
