import { DeadLetterReason } from '#gen/millrace/state/v1/dead_letter_pb.ts';
import type { DeadReason } from '#libs/engine/model/client-state.ts';

const TO_PROTO: Readonly<Record<DeadReason, DeadLetterReason>> = {
  EXHAUSTED: DeadLetterReason.EXHAUSTED,
  EXPIRED: DeadLetterReason.EXPIRED,
  MOVED: DeadLetterReason.MOVED,
  POISON: DeadLetterReason.POISON,
};

/** Why an item is a dead letter, on the wire. */
export function deadReasonToProto(reason: DeadReason): DeadLetterReason {
  return TO_PROTO[reason];
}
