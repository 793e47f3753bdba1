import type { ActivationRow } from './activations.ts';
import type { AuditRow } from './audit.ts';
import type { CheckpointRow } from './checkpoints.ts';
import type { DefinitionRow } from './definitions.ts';
import type { PartitionLeaseRow } from './leases.ts';
import type { PackageRow, SigningKeyRow } from './packages.ts';
import type { OwnedRows, OwnedTable } from './row-writer.ts';
import type { TenantRow } from './tenants.ts';
import type { TokenRow } from './tokens.ts';

/** A named mark, as it stands in the table of cursors. */
export interface CursorRow {
  readonly name: string;
  readonly value: number;
}

/** The tables outside runs that a backup holds, by name. Members are none: they are processes that are up now. */
interface SharedRows {
  readonly definitions: DefinitionRow;
  readonly activations: ActivationRow;
  readonly tenants: TenantRow;
  readonly tokens: TokenRow;
  readonly leases: PartitionLeaseRow;
  readonly audit: AuditRow;
  readonly checkpoints: CheckpointRow;
  readonly cursors: CursorRow;
  readonly packages: PackageRow;
  readonly signingKeys: SigningKeyRow;
}

/** Every table that can be scanned, with its rows. */
export type ScannedRows = { readonly [T in OwnedTable]: OwnedRows[T]['row'] } & SharedRows;

/** A table that can be scanned. */
export type ScannedTable = keyof ScannedRows;

/** Some rows of a table. */
export interface ScanPage<R> {
  readonly rows: readonly R[];
  /** What the next page comes after; undefined when there is none. */
  readonly next: string | undefined;
}

/** Rows of a page at most. */
export const SCAN_PAGE_ROWS = 200;
/** A page ends with the row that goes over these bytes of bodies: a body may have 12 MiB. */
export const SCAN_PAGE_BYTES: number = 4 * 1024 * 1024;

/**
 * Reads whole tables, for backups: the other ports answer what callers ask, by tenant, run or time, and none of them
 * says which tenants, runs and free items there are.
 *
 * Rows come in an order of the store's own, tombstones do not. A row that stands from the first page to the last is
 * there once or more; one that is written meanwhile may be there in any of its states, or not.
 */
export interface TableScan {
  /** A page of the rows after what the page before ended with; from the first where `after` is undefined. */
  scanRows<T extends ScannedTable>(table: T, after: string | undefined): Promise<ScanPage<ScannedRows[T]>>;
}
