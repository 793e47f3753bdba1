import type { StepAck } from '#gen/millrace/state/v1/work_down_pb.ts';
import { ackToProto } from '../wire/assignment.ts';
import type { Ack } from './leased-run.ts';

/** That everything up to a record is durable; a unary answer needs no handle. */
export function maybeUnaryAck(ack: Ack | undefined): StepAck | undefined {
  return ack === undefined ? undefined : ackToProto(0, ack.ordinal, ack.lastSequence, ack.settled);
}
