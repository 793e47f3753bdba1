import type { Event } from '#libs/engine/events/event.ts';
import { type Payload, payloadSize } from '#libs/engine/model/payload.ts';
import type { AssignmentFacts } from '#libs/partition/dispatch/held-lease.ts';

/** About what an assignment takes of a message without its payloads. */
const ASSIGNMENT_BYTES = 512;
/** About what an event does. */
const EVENT_BYTES = 128;

/** About what an assignment takes of a message. */
export function assignmentBytes({ history, input, heartbeatDetails }: AssignmentFacts): number {
  let bytes = ASSIGNMENT_BYTES + inlineBytes(input) + inlineBytes(heartbeatDetails);
  for (const event of history) bytes += EVENT_BYTES + inlineBytes(maybePayload(event));
  return bytes;
}

function maybePayload(event: Event): Payload | undefined {
  switch (event.kind) {
    case 'stepRecorded':
      return event.result;
    case 'valueRecorded':
    case 'stateSet':
      return event.value;
    case 'signalConsumed':
      return event.payload;
    case 'signalReceived':
      return event.signal.payload;
    case 'childScheduled':
      return event.input;
    case 'childEnded':
      return event.output;
    default:
      return undefined;
  }
}

function inlineBytes(payload: Payload | undefined): number {
  return payload?.data === undefined ? 0 : payloadSize(payload);
}
