import { type ErrorKind, REASON_KINDS, type Reason } from './reasons.ts';

/** A field that breaks its rule. */
export interface FieldViolation {
  /** Path of the field as the proto spells it, for example `tags[3]`. */
  readonly field: string;
  /** What is wrong, with the limit. */
  readonly description: string;
  /** The rule's id, for programs. */
  readonly rule?: string;
}

/** What an error says besides its reason and message. */
export interface DomainErrorDetails {
  /** What programs may want to read: `state`, `expected`, `found`, `limit` … Never a secret. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Every field that breaks a rule, for bad input. */
  readonly violations?: readonly FieldViolation[];
  /** When it is worth to come back, for what is exhausted or away. */
  readonly retryAfterMs?: number;
  /** What led to it. It goes into the log, never to the caller. */
  readonly cause?: unknown;
}

/**
 * A refusal that the caller is meant to see. Whatever else is thrown is a fault of ours: the caller gets INTERNAL with
 * an id, and the log the rest.
 */
export class DomainError extends Error {
  /** What it is, for programs to decide by. */
  readonly reason: Reason;
  /** What programs may want to read besides. Empty: nothing. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Every field that breaks a rule. Empty where the reason is another one. */
  readonly violations: readonly FieldViolation[];
  /** When it is worth to come back. Absent: nobody said. */
  readonly retryAfterMs: number | undefined;

  constructor(reason: Reason, message: string, details: DomainErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'DomainError';
    this.reason = reason;
    this.metadata = details.metadata ?? {};
    this.violations = details.violations ?? [];
    this.retryAfterMs = details.retryAfterMs;
  }

  /** The kind of the reason: it decides whether a retry makes sense. */
  get kind(): ErrorKind {
    return REASON_KINDS[this.reason];
  }
}
