import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { PayloadSchema } from '#gen/millrace/common/v1/payload_pb.ts';
import { payloadText, shortPayload } from './payload-text.ts';

const MIB = 1024n * 1024n;

test.each<[string, MessageInitShape<typeof PayloadSchema>, string, string | undefined]>([
  ['JSON', { value: { case: 'json', value: '{"a":[1.0]}' } }, '{\n  "a": [\n    1.0\n  ]\n}', '{"a":[1.0]}'],
  ['null', {}, 'null', undefined],
  [
    'an image',
    { contentType: 'image/png', value: { case: 'data', value: new Uint8Array(12) } },
    '12 bytes of image/png',
    '12 bytes of image/png',
  ],
  [
    'a large table',
    { contentType: 'text/csv', encodings: ['gzip'], value: { case: 'ref', value: { size: 3n * MIB } } },
    '3.0 MiB of text/csv + gzip in the blob store',
    '3.0 MiB of text/csv + gzip in the blob store',
  ],
])('people see %s', (_name, payload, long, short) => {
  expect(payloadText(create(PayloadSchema, payload))).toBe(long);
  expect(shortPayload(create(PayloadSchema, payload))).toBe(short);
});

test('a line shows the beginning of a long one', () => {
  const json = JSON.stringify('x'.repeat(1_000));
  expect(shortPayload(create(PayloadSchema, { value: { case: 'json', value: json } }))).toBe(`"${'x'.repeat(58)}…`);
});
