/**
 * One version of a workflow with everything that was left out filled in, so that two ways to say the same thing are
 * equal. Durations are in nanoseconds, as exact as they came.
 */
export interface WorkflowDefinition {
  readonly workflow: string;
  readonly version: string;
  readonly content: DefinitionContent;
  readonly description: string;
  readonly settings: WorkSettings;
  /** The longest that a run may take. Absent: no limit. */
  readonly runTimeoutNs: bigint | undefined;
  readonly cleanupTimeoutNs: bigint;
  /** How long a run is kept after its end. Absent: as long as the tenant's runs are. */
  readonly retentionNs: bigint | undefined;
  readonly inputSchema: JsonDocument | undefined;
  readonly outputSchema: JsonDocument | undefined;
}

/** What a workflow is: a function whose steps are recorded, or a document that only a foreign runtime understands. */
export type DefinitionContent =
  | { readonly kind: 'function'; readonly signals: readonly DeclaredSignal[]; readonly sourceLocation: string }
  | { readonly kind: 'opaque'; readonly document: JsonDocument };

/** A signal that a function may wait for. */
export interface DeclaredSignal {
  readonly name: string;
  readonly schema: JsonDocument | undefined;
}

/** Bytes that stand for a JSON value; nobody reformats them. */
export interface JsonDocument {
  readonly contentType: string;
  /** What was done to the bytes, in order. */
  readonly encodings: readonly string[];
  readonly bytes: Uint8Array;
}

/** Where and how work is run where a step does not say otherwise. */
export interface WorkSettings {
  readonly queue: string;
  /** 1, the most urgent, to 5. */
  readonly priority: number;
  readonly tags: readonly string[];
  /** Absent: the definition has none, which differs from one that says only defaults. */
  readonly retry: RetryRules | undefined;
  readonly timeouts: WorkTimeouts;
}

/** When a failed attempt is tried again. */
export interface RetryRules {
  readonly maxAttempts: number;
  readonly initialIntervalNs: bigint;
  readonly backoff: 'exponential' | 'linear' | 'fixed';
  readonly multiplier: number;
  readonly maxIntervalNs: bigint;
  readonly jitter: number;
  readonly nonRetryable: readonly string[];
}

/** How long work may take. What is absent has no limit. */
export interface WorkTimeouts {
  readonly timeoutNs: bigint | undefined;
  readonly totalTimeoutNs: bigint | undefined;
  readonly scheduleToStartNs: bigint | undefined;
  readonly heartbeatTimeoutNs: bigint | undefined;
}
