import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import { type Event, EventSchema } from '#gen/millrace/state/v1/event_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { readHistory } from '#libs/sdk/testing/read-history.ts';
import { messageJson } from './message-json.ts';

const json = (text: string) => ({ value: { case: 'data' as const, value: Buffer.from(text) } });
const step = { scope: 'all.0.1', name: 'charge', occurrence: 2 };
const failure = {
  type: 'RangeError',
  message: 'no',
  causes: [{ type: 'TypeError', message: 'why' }],
  nonRetryable: true,
};
const ref = { sha256: new Uint8Array(32).fill(7), size: 2_000_000n, uploadId: '' };

const kinds: MessageInitShape<typeof EventSchema>['kind'][] = [
  {
    case: 'runStarted',
    value: {
      workflow: 'order',
      version: '2',
      input: json('{"total":12.5}'),
      tags: ['a'],
      runTimeout: durationFromMs(1_500),
    },
  },
  { case: 'stepBegun', value: { step, attempt: 1, ordinal: 1, heartbeatTimeout: durationFromMs(250) } },
  {
    case: 'stepFailed',
    value: { step, attempt: 1, ordinal: 2, failure, retryTime: timestampFromMs(1_800_000_000_123) },
  },
  { case: 'stepRecorded', value: { step, attempt: 2, ordinal: 3, result: json('[1,"é",null]') } },
  {
    case: 'valueRecorded',
    value: { step, ordinal: 4, value: { contentType: 'application/octet-stream', ...json('x') } },
  },
  { case: 'stepRecorded', value: { step, attempt: 1, ordinal: 5, result: { value: { case: 'ref', value: ref } } } },
  { case: 'signalConsumed', value: { step, name: 'approved', receivedSequence: 5n, payload: json('true') } },
  { case: 'childEnded', value: { scheduledSequence: 3n, runId: 'c', status: RunStatus.FAILED, failure } },
  { case: 'runEnded', value: { status: RunStatus.COMPLETED } },
];

test('a log that the command line prints is read as the events that it was', async () => {
  const events = kinds.map((kind, index) =>
    create(EventSchema, {
      sequence: BigInt(index + 1),
      eventTime: timestampFromMs(1_800_000_000_000 + index),
      ...(kind && { kind }),
    }),
  );
  const print = (log: readonly Event[]): string[] =>
    log.map((event) => JSON.stringify({ event: messageJson(EventSchema, event) }));
  const read = await readHistory(print(events).join('\n'));
  expect(print(read)).toEqual(print(events));
  expect(read.map(({ kind }) => kind.case)).toEqual(events.map(({ kind }) => kind.case));
});
