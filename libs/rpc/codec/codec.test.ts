import {
  create,
  type DescMessage,
  fromBinary,
  type Message,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { WorkRequestSchema, WorkResponseSchema } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { SessionRequestSchema, SessionResponseSchema } from '#gen/millrace/state/v1/run_service_pb.ts';
import { codecOf } from './codec.ts';
import { fastCodecOf } from './fast-codec.ts';
import { WIRE_TOOLS } from './wire-tools.ts';

const input = { value: { case: 'data', value: new Uint8Array(100) } } as const;
const lastSequence = 6n;

test.for([
  message(WorkRequestSchema, {
    steps: [{ handle: 200, ordinal: 5, name: 'step', occurrence: 4, record: { case: 'result', value: input } }],
    complete: [{ handle: 2, stepCount: 70_000, output: input }],
    credits: { add: 1 },
  }),
  message(WorkResponseSchema, {
    ack: [{ handle: 2, ordinal: 1, lastSequence, settled: true }],
    assign: [{ handle: 4, runId: 'r', workflow: 'w', input, fence: 1n, scheduleTime: { seconds: 1_700_000_000n } }],
  }),
  message(SessionRequestSchema, {
    start: [{ call: 1, wait: true, start: { workflow: 'w', runId: 'r', input, attributes: { a: {} }, tags: ['t'] } }],
  }),
  message(SessionResponseSchema, {
    started: [{ call: 1, outcome: 1, runId: 'r', incarnation: 'i' }],
    ended: [{ call: 1, status: 4, output: input, endTime: { seconds: 1_700_000_000n, nanos: 5 } }],
  }),
])('the messages of the hot path never need the full codec: $desc.typeName', ({ desc, value }) => {
  const bytes = Buffer.from(toBinary(desc, value));
  const { decode, encode } = fastCodecOf(desc);
  expect(decode(bytes, 0, bytes.length, 1)).toEqual(fromBinary(desc, bytes));
  const { scratch } = WIRE_TOOLS;
  const start = encode(value, scratch.length);
  expect(scratch.subarray(start).equals(bytes)).toBe(true);
});

test('a message that is larger than the scratch bytes is encoded', () => {
  const data = new Uint8Array(3_000_000).fill(7);
  const { desc, value } = message(WorkRequestSchema, {
    complete: [{ output: { value: { case: 'data', value: data } } }],
  });
  expect(codecOf(desc).encode(value).equals(toBinary(desc, value))).toBe(true);
  expect(WIRE_TOOLS.scratch.length).toBeGreaterThan(data.length);
});

test('many small fields do not go beyond the scratch bytes', () => {
  const { desc, value } = message(SessionRequestSchema, { forget: Array.from({ length: 200_000 }, (_, call) => call) });
  expect(codecOf(desc).encode(value).equals(toBinary(desc, value))).toBe(true);
});

test('unknown fields are kept', () => {
  const { desc, value } = message(WorkResponseSchema, { goAway: { reason: 'r' } });
  const bytes = Buffer.concat([toBinary(desc, value), Buffer.from([0xf8, 0x07, 1])]);
  const decoded = codecOf(desc).decode(bytes, false);
  expect(decoded.$unknown).toHaveLength(1);
  expect(codecOf(desc).encode(decoded).equals(bytes)).toBe(true);
});

test('a value that is not of its type is refused as by protobuf-es', () => {
  const value = create(WorkResponseSchema, { ack: [{ handle: 1.5 }] });
  expect(() => codecOf(WorkResponseSchema).encode(value)).toThrow('StepAck.handle');
});

test('bytes are views of what was decoded: plain ones where that is asked for', () => {
  const { desc, value } = message(WorkResponseSchema, { assign: [{ input }] });
  const bytes = Buffer.from(toBinary(desc, value));
  for (const isPlain of [true, false]) {
    const decoded = codecOf(desc).decode(bytes, isPlain) as typeof value;
    const data = (decoded as unknown as { assign: { input: { value: { value: Uint8Array } } }[] }).assign[0]?.input
      .value;
    expect(Buffer.isBuffer(data?.value)).toBe(!isPlain);
    expect(data?.value.buffer).toBe(bytes.buffer);
  }
});

function message<D extends DescMessage>(
  desc: D,
  init: MessageInitShape<D>,
): { readonly desc: DescMessage; readonly value: Message } {
  return { desc, value: create(desc, init) };
}
