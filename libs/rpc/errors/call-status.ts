import { create, type DescMessage, type Message } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '#gen/google/rpc/error_details_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { CODE_OF_KIND } from './code.ts';

/** The domain that every `google.rpc.ErrorInfo` of ours names. */
export const ERROR_DOMAIN = 'millrace';

/** A detail with the descriptor that it is written by. */
export interface StatusDetail {
  readonly desc: DescMessage;
  readonly value: Message;
}

/** How a call that failed is told to its caller, the same through both doors. */
export interface CallStatus {
  readonly code: Code;
  readonly message: string;
  readonly details: readonly StatusDetail[];
}

/** A fault of ours: the caller learns nothing but an id that is in the log. */
export function internalStatus(errorId: string): CallStatus {
  return statusFromDomainError(
    new DomainError('INTERNAL', `internal error ${errorId}`, { metadata: { error_id: errorId } }),
  );
}

/** Code, `ErrorInfo` and, where they apply, `BadRequest` and `RetryInfo` of a refusal. */
export function statusFromDomainError(error: DomainError): CallStatus {
  const { reason, metadata, violations, retryAfterMs } = error;
  const details: StatusDetail[] = [
    {
      desc: ErrorInfoSchema,
      value: create(ErrorInfoSchema, { reason, domain: ERROR_DOMAIN, metadata: { ...metadata } }),
    },
  ];
  if (violations.length > 0) {
    const fieldViolations = violations.map(({ field, description, rule }) => ({
      field,
      description,
      reason: rule ?? '',
    }));
    details.push({ desc: BadRequestSchema, value: create(BadRequestSchema, { fieldViolations }) });
  }
  if (retryAfterMs !== undefined) {
    const retryDelay = durationFromMs(retryAfterMs);
    details.push({ desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay }) });
  }
  return { code: CODE_OF_KIND[error.kind], message: error.message, details };
}

/** Whether a status is our own fault, which operators want to see. */
export function isFault(status: CallStatus): boolean {
  return status.code === Code.Internal || status.code === Code.Unknown || status.code === Code.DataLoss;
}
