import type { Assignment } from '#gen/millrace/state/v1/work_down_pb.ts';
import type { AssignmentFacts } from '#libs/partition/dispatch/held-lease.ts';
import { assignmentToProto, type HeldItem } from '../wire/assignment.ts';
import { eventToProto } from '../wire/event.ts';
import { payloadToReadableProto } from '../wire/payload.ts';
import { withSignals } from './consumed-signals.ts';

/** Work in a unary answer: without a handle, its payloads as people like to read them. */
export function unaryAssignment(held: HeldItem, facts: AssignmentFacts): Assignment {
  const ref = { runId: held.key.runId, incarnation: held.proof.incarnation };
  return {
    ...assignmentToProto(0, held, { ...facts, history: [] }),
    input: payloadToReadableProto(facts.input),
    history: withSignals(facts.history, () => undefined).map((event) =>
      eventToProto(event, ref, payloadToReadableProto),
    ),
    heartbeatDetails: payloadToReadableProto(facts.heartbeatDetails),
  };
}
