import { DeadLetterReason } from '#gen/millrace/state/v1/dead_letter_pb.ts';
import type { DeadReason } from '#libs/engine/model/client-state.ts';

const TO_PROTO: Readonly<Record<DeadReason, DeadLetterReason>> = {
  EXHAUSTED: DeadLetterReason.EXHAUSTED,
  EXPIRED: DeadLetterReason.EXPIRED,
  MOVED: DeadLetterReason.MOVED,
  POISON: DeadLetterReason.POISON,
};

const FROM_PROTO: Readonly<Record<DeadLetterReason, DeadReason | undefined>> = {
  [DeadLetterReason.UNSPECIFIED]: undefined,
  [DeadLetterReason.EXHAUSTED]: 'EXHAUSTED',
  [DeadLetterReason.EXPIRED]: 'EXPIRED',
  [DeadLetterReason.MOVED]: 'MOVED',
  [DeadLetterReason.POISON]: 'POISON',
};

/** The reason that a filter names. Undefined: any. */
export function maybeDeadReason(reason: DeadLetterReason): DeadReason | undefined {
  return FROM_PROTO[reason];
}

/** Why an item is a dead letter, on the wire. */
export function deadReasonToProto(reason: DeadReason): DeadLetterReason {
  return TO_PROTO[reason];
}
