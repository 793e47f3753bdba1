import { fromBinary, toBinary, toJson } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { type Event as EventMessage, EventSchema } from '#gen/millrace/state/v1/event_pb.ts';
import type { Event, EventBody } from '#libs/engine/events/event.ts';
import { createScenario, payloadOf } from '#libs/engine/testing/scenario.ts';
import { eventToProto } from './event.ts';
import { payloadToReadableProto } from './payload.ts';
import { EVENT_SAMPLES, RECORD_SAMPLES, SEQUENCE } from './testing/event-samples.ts';
import { RUN, TIME, TIME_JSON } from './testing/samples.ts';
import { shapeFaults, unsetFields } from './testing/shape-faults.ts';

/**
 * What the engine never knows of a rejection that another run told, the one of two names that work does not have, and
 * what an end of a claim does not say, because there are several.
 */
const NOT_KNOWN = /rejection\.(retryDelay|fields)$|\.(taskId|itemId)$|leaseEnded\.\w+$|taskResultSaved\.workerId$/;

const events = Object.values(EVENT_SAMPLES);
const records = Object.values(RECORD_SAMPLES).map(({ body, json }) => ({
  body: { kind: 'systemRecord', record: body } as const,
  json,
}));

function messageOf(body: EventBody): EventMessage {
  return eventToProto({ ...body, sequence: SEQUENCE, eventTime: TIME } as Event, RUN);
}

describe('an event on the wire', () => {
  test.each(events)('of kind $body.kind says in JSON what happened', ({ body, json }) => {
    expect(toJson(EventSchema, messageOf(body))).toEqual({ sequence: '7', eventTime: TIME_JSON, [body.kind]: json });
  });

  test.each(records)('that is a system record of kind $body.record.kind says what happened', ({ body, json }) => {
    const told = { sequence: '7', eventTime: TIME_JSON, systemRecord: json };
    expect(toJson(EventSchema, messageOf(body))).toEqual(told);
  });

  test.each([...events, ...records])('of kind $body.kind is the same after it was written and read', ({ body }) => {
    const message = messageOf(body);
    const read = fromBinary(EventSchema, toBinary(EventSchema, message));
    expect(toJson(EventSchema, read)).toEqual(toJson(EventSchema, message));
  });

  test.each([...events, ...records])('of kind $body.kind has every field that the wire has', ({ body }) => {
    const message = messageOf(body);
    expect(shapeFaults(EventSchema, message)).toEqual([]);
    expect(unsetFields(EventSchema, message).filter((path) => !NOT_KNOWN.test(path))).toEqual([]);
  });

  test('may be of every kind that the wire has', () => {
    const kinds = EventSchema.fields.filter(({ oneof }) => oneof !== undefined).map(({ localName }) => localName);
    expect(Object.keys(EVENT_SAMPLES).sort()).toEqual(kinds.sort());
  });

  test('without step, payload and times leaves them out', () => {
    const message = messageOf({
      kind: 'signalWaitStarted',
      nodePath: '',
      step: undefined,
      name: 'go',
      untilTime: undefined,
      ordinal: 0,
    });
    expect(toJson(EventSchema, message)).toEqual({
      sequence: '7',
      eventTime: TIME_JSON,
      signalWaitStarted: { name: 'go' },
    });
    const removed = messageOf({ kind: 'stateSet', key: 'k', value: undefined, step: undefined, ordinal: 0 });
    expect(toJson(EventSchema, removed)).toMatchObject({ stateSet: { key: 'k' } });
  });
});

test('the log of a run can be told as it is, with payloads as bytes or readable', () => {
  const s = createScenario();
  const lease = s.lease();
  s.step(lease, { kind: 'result', result: payloadOf('{"a":1}') });
  s.park(lease, { kind: 'signal', name: 'go', timeoutMs: 5_000 });
  s.pass(5_000);
  s.accept({ kind: 'cancelRun', requestedBy: 'ann', reason: '' });
  expect(s.log.length).toBeGreaterThan(6);
  for (const event of s.log) {
    const json = toJson(EventSchema, eventToProto(event, s.run.identity)) as Record<string, unknown>;
    expect(json[event.kind]).toBeDefined();
  }
  const recorded = s.lastOf('stepRecorded');
  const bytes = eventToProto(recorded, s.run.identity).kind.value;
  const text = eventToProto(recorded, s.run.identity, payloadToReadableProto).kind.value;
  expect(bytes).toMatchObject({ result: { value: { case: 'data' } } });
  expect(text).toMatchObject({ result: { value: { case: 'json', value: '{"a":1}' } } });
});
