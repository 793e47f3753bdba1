import { expect, test } from 'vitest';
import { assertName, assertSpan } from './names.ts';
import { loggedPayload, MAX_INLINE_BYTES, NULL_PAYLOAD, payloadFromBytes } from './payload.ts';

test('a payload is as the log gives it back: null is undefined, and a JSON text is its bytes', () => {
  const bytes = payloadFromBytes(new Uint8Array([1]));
  expect(loggedPayload(bytes)).toBe(bytes);
  expect(loggedPayload(NULL_PAYLOAD)).toBeUndefined();
  const json = loggedPayload({ ...NULL_PAYLOAD, value: { case: 'json', value: '{"a":1}' } });
  expect(json?.value).toEqual({ case: 'data', value: Buffer.from('{"a":1}') });
});

test('what is no payload, or too large, is refused before it is sent', () => {
  expect(() => loggedPayload(payloadFromBytes(new Uint8Array(MAX_INLINE_BYTES + 1)))).toThrow(
    expect.objectContaining({ reason: 'PAYLOAD_TOO_LARGE', metadata: { size: '1048577', maximum: '1048576' } }),
  );
  expect(() => loggedPayload(payloadFromBytes('text' as unknown as Uint8Array))).toThrow('data must be bytes');
  expect(() => loggedPayload(payloadFromBytes(new Uint8Array(1), 'x'.repeat(43)))).toThrow('content_type');
  expect(() => loggedPayload({ ...payloadFromBytes(new Uint8Array(1)), encodings: Array(9).fill('gzip') })).toThrow(
    'encodings',
  );
});

test.each(['', 'x'.repeat(129), '€'.repeat(43), 'a\nb', 'a\u0085'])('the name %j is refused', (name) => {
  expect(() => assertName(name, 'name')).toThrow(expect.objectContaining({ reason: 'INVALID_FIELDS' }));
});

test('names of up to 128 bytes and spans within their bounds are fine', () => {
  assertName('€'.repeat(42), 'name');
  assertName('x'.repeat(128), 'name');
  assertSpan(5, 'ms', 5, 5);
  expect(() => assertSpan(Number.NaN, 'ms', 0, 5)).toThrow('ms must be 0 to 5 ms');
});
