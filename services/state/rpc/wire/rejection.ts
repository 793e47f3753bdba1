import { randomUUID } from 'node:crypto';
import type { Rejection as RejectionMessage } from '#gen/millrace/state/v1/rejection_pb.ts';
import type { WorkRejection } from '#gen/millrace/state/v1/work_down_pb.ts';
import type { EngineReason, Rejection } from '#libs/engine/model/rejection.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { maybeDurationFromMs } from './duration.ts';
import { reasonToProto } from './reason.ts';

/** Writes a fault of ours into the log, with the id that the caller is told. */
export type LogFault = (error: unknown, errorId: string) => void;

type Fact = (name: string) => string;

const MESSAGES: Readonly<Record<EngineReason, (runId: string, fact: Fact) => string>> = {
  RUN_NOT_FOUND: (run) => `run ${run} does not exist`,
  ITEM_NOT_FOUND: (run) => `run ${run} has no such work item to give`,
  LEASE_NOT_FOUND: (run) => `nobody has that task or work item of run ${run}`,
  DEAD_LETTER_NOT_FOUND: (run) => `run ${run} has no such dead letter`,
  INVALID_FIELDS: (run, fact) => `${fact('field')} breaks its rule for run ${run}`,
  CANNOT_CANCEL: (run, fact) => `run ${run} is ${fact('state')} and cannot be cancelled or terminated`,
  CANNOT_PAUSE: (run, fact) => `run ${run} is ${stateOf(fact)} and cannot be paused`,
  NOT_PAUSED: (run, fact) => `run ${run} is ${fact('state')}, not PAUSED`,
  RUN_TERMINAL: (run, fact) => `run ${run} has ended: it is ${fact('state')}`,
  WRONG_DRIVER: (run, fact) => `run ${run} is driven by ${fact('driver')}, the call is for the other driver`,
  ILLEGAL_STATUS: (run, fact) => `run ${run} cannot go from ${fact('from')} to ${fact('to')}`,
  DEFINITION_MISMATCH: (run, fact) => `run ${run} has definition ${fact('found')}, expected is ${fact('expected')}`,
  LEASE_LOST: (run) => `the lease on run ${run} is not, or no longer, the caller's`,
  SEQUENCE_CONFLICT: (run, fact) =>
    `the last event of run ${run} is ${fact('actual')}, expected is ${fact('expected')}`,
  VERSION_CONFLICT: (run, fact) => `run ${run} is at version ${fact('actual')}, expected is ${fact('expected')}`,
  STEPS_MISSING: (run, fact) => `run ${run} has ${fact('actual')} step records, the worker counts ${fact('expected')}`,
  RUN_EXISTS: (run, fact) => `run ${run} exists and is ${fact('state')}`,
  SIGNALS_FULL: (run, fact) => `run ${run} buffers at most ${fact('maximum')} ${fact('limit')}`,
  QUOTA_EXCEEDED: (run, fact) => `run ${run} has at most ${fact('maximum')} ${fact('limit')}`,
};

/** A refusal of the engine as callers see it; the run's id joins the metadata. */
export function errorFromRejection(
  { reason, metadata }: Rejection,
  { runId }: { readonly runId: string },
): DomainError {
  const message = MESSAGES[reason](runId, (name) => metadata[name] ?? 'unknown');
  return new DomainError(reason, message, { metadata: { ...metadata, run_id: runId } });
}

/**
 * An error as a value, for streams and batches. What is not a refusal that callers are meant to see becomes INTERNAL and
 * tells no more than the id of its log entry; stored bytes that are damaged are logged too.
 */
export function rejectionFromError(error: unknown, logFault: LogFault): RejectionMessage {
  const { reason, message, metadata, retryAfterMs, violations } = tellable(error, logFault);
  return {
    $typeName: 'millrace.state.v1.Rejection',
    reason: reasonToProto(reason),
    message,
    metadata: { ...metadata },
    retryDelay: maybeDurationFromMs(retryAfterMs),
    fields: violations.map(({ field, rule, description }) => ({
      $typeName: 'millrace.state.v1.FieldViolation',
      field,
      rule: rule ?? '',
      message: description,
    })),
  };
}

/** The refusal of a worker's frame; `ordinal` is 0 when it is not of a step record. Errors as `rejectionFromError`. */
export function workRejection(handle: number, ordinal: number, error: unknown, logFault: LogFault): WorkRejection {
  const { reason, message, metadata } = tellable(error, logFault);
  return {
    $typeName: 'millrace.state.v1.WorkRejection',
    handle,
    ordinal,
    reason: reasonToProto(reason),
    message,
    metadata: { ...metadata },
  };
}

function tellable(error: unknown, logFault: LogFault): DomainError {
  if (error instanceof DomainError && error.reason === 'NOT_OWNER') {
    // Callers know nothing of owners: the run is served by another node in a moment.
    return new DomainError('UNAVAILABLE', error.message, { retryAfterMs: error.retryAfterMs ?? 0 });
  }
  if (error instanceof DomainError && error.kind !== 'internal' && error.kind !== 'corrupt') return error;
  const errorId = randomUUID();
  logFault(error, errorId);
  if (error instanceof DomainError) {
    const { reason, message, metadata } = error;
    return new DomainError(reason, message, { metadata: { ...metadata, error_id: errorId } });
  }
  return new DomainError('INTERNAL', `internal error ${errorId}`, { metadata: { error_id: errorId } });
}

function stateOf(fact: Fact): string {
  return fact('cancelling') === 'true' ? `${fact('state')} and cancelling` : fact('state');
}
