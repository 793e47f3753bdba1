import { ChildMode as ChildModeMessage } from '#gen/millrace/workflow/v1/child_mode_pb.ts';
import type { ChildMode } from '#libs/engine/model/parent.ts';

const TO_PROTO: Readonly<Record<ChildMode, ChildModeMessage>> = {
  WAIT: ChildModeMessage.WAIT,
  DETACH: ChildModeMessage.DETACH,
  CANCEL_WITH_PARENT: ChildModeMessage.CANCEL_WITH_PARENT,
};

const FROM_PROTO: Readonly<Record<ChildModeMessage, ChildMode>> = {
  [ChildModeMessage.UNSPECIFIED]: 'WAIT',
  [ChildModeMessage.WAIT]: 'WAIT',
  [ChildModeMessage.DETACH]: 'DETACH',
  [ChildModeMessage.CANCEL_WITH_PARENT]: 'CANCEL_WITH_PARENT',
};

/** A child's mode on the wire. */
export function childModeToProto(mode: ChildMode): ChildModeMessage {
  return TO_PROTO[mode];
}

/** The mode that a number means; unspecified is WAIT. Numbers that are not known were refused before. */
export function childModeFromProto(mode: ChildModeMessage): ChildMode {
  return FROM_PROTO[mode] ?? 'WAIT';
}
