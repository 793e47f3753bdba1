import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Payload as PayloadMessage, PayloadSchema } from '#gen/millrace/common/v1/payload_pb.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import { payloadFromProto, payloadToProto, payloadToReadableProto } from './payload.ts';
import { shapeFaults } from './testing/shape-faults.ts';

const described = {
  contentType: fc.constantFrom('', 'application/json', 'Application/JSON', 'text/plain'),
  encodings: fc.array(fc.constantFrom('gzip', 'acme/aes-gcm'), { maxLength: 2 }),
};
const ref = fc.record({ sha256: fc.uint8Array({ minLength: 32, maxLength: 32 }), size: fc.maxSafeNat() });
const payloads: fc.Arbitrary<Payload> = fc.oneof(
  fc.record({ ...described, data: fc.uint8Array(), ref: fc.constant(undefined) }),
  fc.record({ ...described, data: fc.constant(undefined), ref }),
  fc.record({ ...described, data: fc.constant(undefined), ref: fc.constant(undefined) }),
);

const texts = fc.string({
  unit: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 1 }), fc.constantFrom('\0', '\n', '\ufeff', '\u{10ffff}')),
});
const NOTHING: Payload = { contentType: '', encodings: [], data: undefined, ref: undefined };

function message(init: MessageInitShape<typeof PayloadSchema>): PayloadMessage {
  return create(PayloadSchema, init);
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The bytes of a payload as text, which is compared quickly however many they are. */
function hexOf(data: Uint8Array | undefined): string | undefined {
  return data === undefined ? undefined : Buffer.from(data).toString('hex');
}

describe('a payload', () => {
  test('is the same after it was on the wire', () => {
    fc.assert(
      fc.property(payloads, (payload) => {
        const told = payloadToProto(payload);
        if (told === undefined) throw new TypeError('it is absent');
        expect(shapeFaults(PayloadSchema, told)).toEqual([]);
        const read = fromBinary(PayloadSchema, toBinary(PayloadSchema, told));
        const again = payloadFromProto(read, 'input');
        expect({ ...again, data: hexOf(again?.data) }).toEqual({ ...payload, data: hexOf(payload.data) });
      }),
    );
  });

  test('of bytes is not copied, in or out', () => {
    const data = bytes('{}');
    expect(payloadFromProto(message({ value: { case: 'data', value: data } }), 'input')?.data).toBe(data);
    const told = payloadToProto({ contentType: '', encodings: [], data, ref: undefined });
    expect(told?.value.value).toBe(data);
  });

  test('that is absent stays absent, and one without a value is null', () => {
    expect(payloadFromProto(undefined, 'input')).toBeUndefined();
    expect(payloadToProto(undefined)).toBeUndefined();
    expect(payloadToReadableProto(undefined)).toBeUndefined();
    expect(payloadFromProto(message({}), 'input')).toEqual(NOTHING);
    expect(payloadToProto(NOTHING)).toEqual(message({}));
    expect(payloadToReadableProto(NOTHING)).toEqual(message({}));
  });

  test('given as json is its UTF-8 bytes without a content type', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const read = payloadFromProto(message({ contentType: 'x', value: { case: 'json', value: text } }), 'input');
        expect({ ...read, data: hexOf(read?.data) }).toEqual({ ...NOTHING, data: hexOf(bytes(text)) });
        expect(payloadToReadableProto(read)?.value).toEqual({ case: 'json', value: text });
      }),
    );
  });
});

describe('a readable payload', () => {
  test('holds the same bytes, whether it is answered as json or as data', () => {
    fc.assert(
      fc.property(payloads, (payload) => {
        const told = payloadToReadableProto(payload);
        if (told === undefined) throw new TypeError('it is absent');
        expect(shapeFaults(PayloadSchema, told)).toEqual([]);
        const read = payloadFromProto(told, 'input');
        expect(hexOf(read?.data)).toBe(hexOf(payload.data));
        expect(read?.ref).toEqual(payload.ref);
      }),
    );
  });

  test.each([
    ['of JSON', { contentType: 'application/json', data: bytes('{"a":"ü"}') }, 'json'],
    ['with a byte order mark', { data: bytes('\ufeff1') }, 'json'],
    ['in a larger buffer', { data: bytes('[1,2,3]').subarray(1, 2) }, 'json'],
    ['that is empty', { data: bytes('') }, 'json'],
    ['of 1 MiB', { data: new Uint8Array(1_048_576).fill(0x20) }, 'json'],
    ['of more than 1 MiB', { data: new Uint8Array(1_048_577).fill(0x20) }, 'data'],
    ['of another type', { contentType: 'application/cbor', data: bytes('1') }, 'data'],
    ['that is encoded', { encodings: ['gzip'], data: bytes('1') }, 'data'],
    ['that is not UTF-8', { data: new Uint8Array([0xc3, 0x28]) }, 'data'],
  ] as const)('%s is answered as it can be', (_, change, wanted) => {
    const told = payloadToReadableProto({ contentType: '', encodings: [], ref: undefined, ...change });
    expect(told?.value.case).toBe(wanted);
    expect(hexOf(payloadFromProto(told, 'input')?.data) === hexOf(change.data)).toBe(true);
  });
});

describe('a reference', () => {
  const sha256 = new Uint8Array(32).fill(7);

  test('is kept by its hash and size', () => {
    const reference = message({ value: { case: 'ref', value: { sha256, size: 9n } } });
    expect(payloadFromProto(reference, 'input')?.ref).toEqual({ sha256, size: 9 });
  });

  test.each([
    ['that still names an upload', { size: 9n, uploadId: 'u1' }, 'input.ref.upload_id'],
    ['of less than no bytes', { size: -1n }, 'input.ref.size'],
    ['of more bytes than can be counted', { size: 2n ** 60n }, 'input.ref.size'],
  ])('%s is refused, and the field is named', (_, change, field) => {
    const reference = message({ value: { case: 'ref', value: { sha256, ...change } } });
    const refusal = { reason: 'INVALID_FIELDS', violations: [expect.objectContaining({ field })] };
    expect(() => payloadFromProto(reference, 'input')).toThrow(expect.objectContaining(refusal) as Error);
  });
});
