import {
  ControlKind as ControlKindMessage,
  type Control as ControlMessage,
} from '#gen/millrace/state/v1/control_pb.ts';
import type { Control, ControlKind } from '#libs/engine/model/control.ts';
import { invalidField } from './invalid-field.ts';
import { timestampFromTime } from './timestamp.ts';

const TO_PROTO: Readonly<Record<ControlKind, ControlKindMessage>> = {
  CANCEL: ControlKindMessage.CANCEL,
  PAUSE: ControlKindMessage.PAUSE,
};

const FROM_PROTO: Readonly<Record<ControlKindMessage, ControlKind | undefined>> = {
  [ControlKindMessage.UNSPECIFIED]: undefined,
  [ControlKindMessage.CANCEL]: 'CANCEL',
  [ControlKindMessage.PAUSE]: 'PAUSE',
};

/** A kind of control on the wire. */
export function controlKindToProto(kind: ControlKind): ControlKindMessage {
  return TO_PROTO[kind];
}

/** The kind of control that a number means. Undefined: unspecified, or not known to this release. */
export function maybeControlKindFromProto(kind: ControlKindMessage): ControlKind | undefined {
  return FROM_PROTO[kind];
}

/**
 * The kind of control that a request names.
 *
 * @throws INVALID_FIELDS.
 */
export function controlKindFromProto(kind: ControlKindMessage): ControlKind {
  const known = maybeControlKindFromProto(kind);
  if (known === undefined) throw invalidField('kind', 'must be a kind of control');
  return known;
}

/** A control on the wire. */
export function controlToProto({ kind, reason, requestedBy, requestTime }: Control): ControlMessage {
  return {
    $typeName: 'millrace.state.v1.Control',
    kind: controlKindToProto(kind),
    reason,
    requestedBy,
    requestTime: timestampFromTime(requestTime),
  };
}
