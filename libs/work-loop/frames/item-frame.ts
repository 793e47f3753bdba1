import type {
  ChildStart,
  LeaseRelease,
  Park,
  StepRecord,
  WorkCompletion,
  WorkFailure,
  YieldSlot,
} from '#gen/millrace/state/v1/work_up_pb.ts';
import type { Failure } from '#gen/millrace/workflow/v1/failure_pb.ts';
import { payloadBytes } from '../values/payload.ts';

/** A frame that takes the next ordinal of its run. */
export type RecordFrame = StepRecord | Park | ChildStart;

/** A frame that ends an assignment. */
export type SettleFrame = WorkCompletion | WorkFailure | LeaseRelease | YieldSlot;

/** What the names and numbers of a frame take at most, but for payloads and failures. */
const FRAME_BYTES = 256;

/** About what a frame takes of a message. */
export function frameBytes(frame: RecordFrame | SettleFrame): number {
  switch (frame.$typeName) {
    case 'millrace.state.v1.StepRecord':
      return FRAME_BYTES + recordBytes(frame);
    case 'millrace.state.v1.ChildStart':
      return FRAME_BYTES * 4 + payloadBytes(frame.input);
    case 'millrace.state.v1.WorkCompletion':
      return FRAME_BYTES + payloadBytes(frame.output);
    case 'millrace.state.v1.WorkFailure':
      return FRAME_BYTES * 4 + failureBytes(frame.failure);
    default:
      return FRAME_BYTES * 4;
  }
}

function recordBytes({ record }: StepRecord): number {
  switch (record.case) {
    case 'result':
    case 'value':
      return payloadBytes(record.value);
    case 'set':
      return payloadBytes(record.value.value);
    case 'failed':
      return failureBytes(record.value.failure);
    case 'attributes':
      return ATTRIBUTES_BYTES;
    default:
      return 0;
  }
}

/** Attributes are few and short; some hundred keywords are not. */
const ATTRIBUTES_BYTES = 65_536;

function failureBytes(failure: Failure | undefined): number {
  if (failure === undefined) return 0;
  let chars = failure.message.length + failure.stack.length;
  for (const { message, stack } of failure.causes) chars += message.length + stack.length;
  return chars * 3 + payloadBytes(failure.details);
}
