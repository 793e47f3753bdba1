import type { Failure as FailureMessage } from '#gen/millrace/workflow/v1/failure_pb.ts';
import type { Failure } from '#libs/engine/model/failure.ts';
import { type PayloadToProto, payloadFromProto, payloadToProto } from './payload.ts';

/**
 * A failure that a caller reports. `field` is its path.
 *
 * @throws INVALID_FIELDS as `payloadFromProto`, for `details`.
 */
export function failureFromProto(message: FailureMessage, field: string): Failure {
  const { type, stack, causes, nonRetryable, details, nodePath, attempts } = message;
  return {
    type,
    message: message.message,
    stack,
    causes: causes.map((cause) => ({ type: cause.type, message: cause.message, stack: cause.stack })),
    nonRetryable,
    details: payloadFromProto(details, `${field}.details`),
    nodePath,
    attempts,
  };
}

/** A failure on the wire. */
export function failureToProto(failure: Failure, payload: PayloadToProto = payloadToProto): FailureMessage {
  const { type, message, stack, causes, nonRetryable, details, nodePath, attempts } = failure;
  return {
    $typeName: 'millrace.workflow.v1.Failure',
    type,
    message,
    stack,
    causes: causes.map((cause) => ({
      $typeName: 'millrace.workflow.v1.FailureCause',
      type: cause.type,
      message: cause.message,
      stack: cause.stack,
    })),
    nonRetryable,
    details: payload(details),
    nodePath,
    attempts,
  };
}

/** As `failureToProto`; absent stays absent. */
export function maybeFailureToProto(
  failure: Failure | undefined,
  payload: PayloadToProto = payloadToProto,
): FailureMessage | undefined {
  return failure === undefined ? undefined : failureToProto(failure, payload);
}
