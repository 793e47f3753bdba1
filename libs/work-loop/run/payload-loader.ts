import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import type { RunFacts } from './function-run.ts';

/** Puts the bytes that a payload of a run names into it. Rejects when they cannot be had. */
export type PayloadLoader = (payload: Payload, run: Pick<RunFacts, 'runId' | 'incarnation'>) => Promise<void>;

/** The payload of an event that a function is given, where its bytes are elsewhere. */
export function maybeAway({ kind }: Event): Payload | undefined {
  const payload = maybePayload(kind);
  return payload?.value.case === 'ref' ? payload : undefined;
}

function maybePayload(kind: Event['kind']): Payload | undefined {
  switch (kind.case) {
    case 'stepRecorded':
      return kind.value.result;
    case 'valueRecorded':
      return kind.value.value;
    case 'signalReceived':
      return kind.value.signal?.payload;
    case 'signalConsumed':
      return kind.value.payload;
    case 'childEnded':
      return kind.value.output;
    default:
      return undefined;
  }
}
