import type { Failure, FailureCause } from '#gen/millrace/workflow/v1/failure_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { ChildError, NonRetryableError, StepError } from './errors.ts';

// In characters, of at most three bytes each: 64 KiB of text, 256 bytes of type, 1 024 of path.
const MAX_TEXT = 21_845;
const MAX_CAUSE_TEXT = 2_048;
const MAX_TYPE = 85;
const MAX_PATH = 341;
const MAX_CAUSES = 16;

/**
 * What the log keeps of an error: its type is its class name, or the reason of a refusal; stack and causes are cut where
 * they are long. What is no error is described.
 */
export function failureFromError(error: unknown): Failure {
  if (error instanceof StepError)
    return { ...error.failure, nodePath: cut(error.step, MAX_PATH), attempts: error.attempts };
  if (error instanceof ChildError) return { ...error.failure, nodePath: cut(error.runId, MAX_PATH) };
  return {
    $typeName: 'millrace.workflow.v1.Failure',
    type: cut(typeOf(error), MAX_TYPE),
    message: cut(messageOf(error), MAX_TEXT),
    stack: cut(stackOf(error), MAX_TEXT),
    causes: causesOf(error),
    nonRetryable: isNonRetryable(error),
    nodePath: '',
  };
}

/** A failure that the loop itself notices. */
export function loopFailure(type: string, message: string, nonRetryable: boolean): Failure {
  return {
    $typeName: 'millrace.workflow.v1.Failure',
    type,
    message,
    stack: '',
    causes: [],
    nonRetryable,
    nodePath: '',
  };
}

function typeOf(error: unknown): string {
  if (error instanceof DomainError) return error.reason;
  if (!(error instanceof Error)) return typeof error;
  return error.name !== '' && error.name !== 'Error' ? error.name : error.constructor.name;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? '') : '';
}

function isNonRetryable(error: unknown): boolean {
  if (error instanceof NonRetryableError) return true;
  return typeof error === 'object' && error !== null && 'nonRetryable' in error && error.nonRetryable === true;
}

function causesOf(error: unknown): FailureCause[] {
  const causes: FailureCause[] = [];
  for (let at = error; at instanceof Error && at.cause !== undefined && causes.length < MAX_CAUSES; at = at.cause) {
    const { cause } = at;
    causes.push({
      $typeName: 'millrace.workflow.v1.FailureCause',
      type: cut(typeOf(cause), MAX_TYPE),
      message: cut(messageOf(cause), MAX_CAUSE_TEXT),
      stack: cut(stackOf(cause), MAX_CAUSE_TEXT),
    });
  }
  return causes;
}

function cut(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : text.slice(0, maxChars);
}
