import type { RetryPolicy } from '../retry/retry-policy.ts';

/**
 * What the engine needs of a run's definition. It is immutable per workflow and version and is loaded with the run, so
 * the log does not repeat it.
 */
export interface DefinitionRules {
  /** How often an item of a function that fails is tried. Absent: an error that the function throws is final. */
  readonly retry: RetryPolicy | undefined;
  /** From ready to leased. Absent: any time. */
  readonly scheduleToStartMs: number | undefined;
  /** How long clean-up may take after a cancel. Absent: 5 min. */
  readonly cleanupTimeoutMs: number | undefined;
}

/** How long clean-up may take where the definition does not say: long enough for a refund, short enough to wait for. */
export const CLEANUP_TIMEOUT_MS: number = 300_000;

/** What a definition says of a CLIENT run: its runtime keeps its own rules. */
export const CLIENT_RULES: DefinitionRules = {
  retry: undefined,
  scheduleToStartMs: undefined,
  cleanupTimeoutMs: undefined,
};
