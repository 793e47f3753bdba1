/** One entry of a tenant's chain. */
export interface AuditRow {
  readonly tenantId: string;
  /** 1, 2, 3, … per tenant. */
  readonly number: number;
  readonly time: number;
  readonly body: Uint8Array;
}

/** The audit log: only ever added to. */
export interface AuditTable {
  /** Answers `false` when that number is taken: the chain has grown meanwhile. */
  insert(row: AuditRow): Promise<boolean>;
  last(tenantId: string): Promise<AuditRow | undefined>;
  /** In order, after a number. */
  list(tenantId: string, afterNumber: number, limit: number): Promise<readonly AuditRow[]>;
}
