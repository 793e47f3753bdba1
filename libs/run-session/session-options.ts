import { DomainError, type FieldViolation } from '#libs/errors/domain-error.ts';
import type { RpcChannel } from '#libs/rpc/client/channel.ts';

/** What a session is made of. */
export interface RunSessionOptions {
  /** Where the state service is. It stays open when the session is closed. */
  readonly channel: RpcChannel;
  /** Default: the token's. */
  readonly tenantId?: string;
  readonly limits?: Partial<RunSessionLimits>;
  /** Hears of streams that broke and are opened again. Default: nobody does. */
  readonly onTrouble?: (error: DomainError) => void;
  /** From 0 up to 1. Default Math.random. */
  readonly random?: () => number;
}

/** Bounds of a session. */
export interface RunSessionLimits {
  /** Entries without their last answer. Default 100 000, which is also what the server takes. */
  readonly maxOutstanding: number;
  /**
   * How often an entry that is refused for now is sent, the first time included. Default 10. A wait for an end begins to
   * count anew once it was kept for longer than the longest pause.
   */
  readonly maxAttempts: number;
  /** How long an entry may go without an answer while there is no stream; waits for an end may for ever. Default 60 000. */
  readonly giveUpMs: number;
  /** The first pause before a stream is opened, or an entry sent, again. Default 100. */
  readonly retryMinMs: number;
  /** The longest pause. Default 5 000. */
  readonly retryMaxMs: number;
}

/** The limits where nobody says otherwise. */
const DEFAULT_SESSION_LIMITS: RunSessionLimits = {
  maxOutstanding: 100_000,
  maxAttempts: 10,
  giveUpMs: 60_000,
  retryMinMs: 100,
  retryMaxMs: 5_000,
};

/** @throws INVALID_FIELDS, naming every limit that is out of range. */
export function completeSessionLimits(limits: Partial<RunSessionLimits> = {}): RunSessionLimits {
  const complete = { ...DEFAULT_SESSION_LIMITS, ...limits };
  const violations: FieldViolation[] = [];
  for (const [field, value] of Object.entries(complete)) {
    if (!(value > 0)) violations.push({ field: `limits.${field}`, description: 'must be above 0' });
  }
  if (violations.length > 0) {
    const text = violations.map(({ field, description }) => `${field}: ${description}`).join(', ');
    throw new DomainError('INVALID_FIELDS', `session options: ${text}`, { violations });
  }
  return complete;
}
