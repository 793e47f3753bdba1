import type { Rejection as RejectionMessage } from '#gen/millrace/state/v1/rejection_pb.ts';
import type { ForeignRejection } from '#libs/engine/model/rejection.ts';
import { maybeReasonFromProto, reasonNameToProto } from './reason.ts';

/** What another run refused, on the wire. A reason that is not known to this release is in the message. */
export function foreignRejectionToProto({ reason, message, metadata }: ForeignRejection): RejectionMessage {
  const number = reasonNameToProto(reason);
  return {
    $typeName: 'millrace.state.v1.Rejection',
    reason: number,
    message: number === 0 ? `${reason}: ${message}` : message,
    metadata: { ...metadata },
    retryDelay: undefined,
    fields: [],
  };
}

/** What another run refused, as it came over the wire. */
export function foreignRejectionFromProto({ reason, message, metadata }: RejectionMessage): ForeignRejection {
  return { reason: maybeReasonFromProto(reason) ?? '', message, metadata };
}
