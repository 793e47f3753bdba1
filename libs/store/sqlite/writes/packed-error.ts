import { DomainError, type FieldViolation } from '#libs/errors/domain-error.ts';
import type { Reason } from '#libs/errors/reasons.ts';
import { StoreError, type StoreProblem } from '#libs/store/store-error.ts';

/** An error as it goes to another thread, where classes are lost. */
export interface PackedError {
  readonly problem?: StoreProblem;
  /** Absent: it is a fault of ours. */
  readonly reason?: Reason;
  readonly message: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[];
  readonly cause: unknown;
}

/** Packs an error. */
export function packError(error: unknown): PackedError {
  if (!(error instanceof DomainError)) {
    const cause = error instanceof Error ? error : new Error(String(error));
    return { message: cause.message, metadata: {}, violations: [], cause };
  }
  const { reason, message, metadata, violations, cause } = error;
  const problem = error instanceof StoreError ? { problem: error.problem } : undefined;
  return { ...problem, reason, message, metadata, violations, cause };
}

/** Unpacks what `packError` packed. */
export function unpackError({ problem, reason, message, ...details }: PackedError): DomainError {
  if (problem !== undefined) return new StoreError(problem, message, details.cause);
  return new DomainError(reason ?? 'INTERNAL', message, details);
}
