import type { Signal as SignalMessage } from '#gen/millrace/state/v1/signal_pb.ts';
import type { Signal } from '#libs/engine/events/wait-events.ts';
import type { PayloadToProto } from './payload.ts';
import { timestampFromTime } from './timestamp.ts';

/** A signal on the wire. */
export function signalToProto({ name, signalId, payload, sendTime }: Signal, toProto: PayloadToProto): SignalMessage {
  return {
    $typeName: 'millrace.state.v1.Signal',
    name,
    signalId,
    payload: toProto(payload),
    sendTime: timestampFromTime(sendTime),
  };
}
