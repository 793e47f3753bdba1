/**
 * Names a run.
 *
 * "By key", where ports speak of order, is by slot, then by the key's fields in their order, texts by their UTF-8 bytes.
 */
export interface RunKey {
  readonly tenantId: string;
  readonly runId: string;
}

/** Names one start under a run's id. */
export interface IncarnationKey extends RunKey {
  /** A UUIDv7. */
  readonly incarnation: string;
}
