import type { ErrorReason } from '#gen/millrace/common/v1/errors_pb.ts';
import type { StepId } from '#gen/millrace/state/v1/step_events_pb.ts';
import type {
  CancelKind,
  CancelNotice,
  HeldState,
  StepAck,
  WorkRejection,
} from '#gen/millrace/state/v1/work_down_pb.ts';
import type { TestRun } from './test-run.ts';

/** What is durable of a run. */
export function ackOf({ stepCount, log }: TestRun, handle: number, settled: boolean): StepAck {
  const lastSequence = BigInt(log.length);
  return { $typeName: 'millrace.state.v1.StepAck', handle, ordinal: stepCount, lastSequence, settled };
}

/** The refusal of a frame. `actual` is how many records there are. */
export function rejectionOf(handle: number, ordinal: number, reason: ErrorReason, actual?: number): WorkRejection {
  const metadata: Record<string, string> = actual === undefined ? {} : { actual: String(actual) };
  const message = 'refused by the test';
  return { $typeName: 'millrace.state.v1.WorkRejection', handle, ordinal, reason, message, metadata };
}

/** Work to give up. */
export function noticeOf(handle: number, kind: CancelKind, step?: StepId): CancelNotice {
  return { $typeName: 'millrace.state.v1.CancelNotice', handle, kind, reason: 'test', step };
}

/** What became of an item that is held; without a run it is lost. */
export function heldStateOf(handle: number, run: TestRun | undefined): HeldState {
  const ordinal = run?.stepCount ?? 0;
  const lastSequence = BigInt(run?.log.length ?? 0);
  return { $typeName: 'millrace.state.v1.HeldState', handle, lost: run === undefined, ordinal, lastSequence };
}
