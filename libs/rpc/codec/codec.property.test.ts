import { create, type DescMessage, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WorkRequestSchema, WorkResponseSchema } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import {
  GetRunResponseSchema,
  SessionRequestSchema,
  SessionResponseSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import { messageArbitrary } from '../testing/message-arbitrary.ts';
import { codecOf } from './codec.ts';

const TYPES: readonly DescMessage[] = [
  WorkRequestSchema,
  WorkResponseSchema,
  SessionRequestSchema,
  SessionResponseSchema,
  GetRunResponseSchema,
];

test.for(TYPES)('messages are encoded and decoded as by protobuf-es: %s', (desc) => {
  fc.assert(
    fc.property(messageArbitrary(desc, 20), (message) => {
      const bytes = toBinary(desc, message);
      expect(codecOf(desc).encode(message).equals(bytes)).toBe(true);
      expect(codecOf(desc).decode(Buffer.from(bytes), true)).toEqual(fromBinary(desc, bytes));
    }),
    { numRuns: 200 },
  );
});

test.for(TYPES)('bytes that were damaged are read, or refused, as by protobuf-es: %s', (desc) => {
  const damage = fc.record({
    at: fc.nat(),
    byte: fc.nat({ max: 255 }),
    cut: fc.option(fc.nat(), { freq: 3, nil: undefined }),
  });
  fc.assert(
    fc.property(messageArbitrary(desc, 20), fc.array(damage, { minLength: 1, maxLength: 8 }), (message, damages) => {
      const whole = toBinary(desc, message);
      for (const { at, byte, cut } of damages) {
        const bytes = Buffer.from(whole.subarray(0, cut === undefined ? whole.length : cut % (whole.length + 1)));
        if (bytes.length > 0) bytes[at % bytes.length] = byte;
        const plain = new Uint8Array(bytes);
        expect(outcomeOf(() => codecOf(desc).decode(bytes, true))).toEqual(outcomeOf(() => fromBinary(desc, plain)));
      }
    }),
    { numRuns: 200 },
  );
});

test('texts of all kinds and lengths are as by protobuf-es', () => {
  const text = fc.string({ unit: 'binary', maxLength: 200, size: 'max' });
  fc.assert(
    fc.property(text, fc.nat({ max: 70 }), (reason, repeats) => {
      const message = create(WorkResponseSchema, { goAway: { reason: reason.repeat(repeats) } });
      const bytes = toBinary(WorkResponseSchema, message);
      expect(codecOf(WorkResponseSchema).encode(message).equals(bytes)).toBe(true);
      expect(codecOf(WorkResponseSchema).decode(Buffer.from(bytes), true)).toEqual(
        fromBinary(WorkResponseSchema, bytes),
      );
    }),
  );
});

/** What was decoded, or what was thrown instead. */
function outcomeOf(decode: () => Message): Message | { readonly thrown: string } {
  try {
    return decode();
  } catch (error) {
    return { thrown: String(error) };
  }
}
