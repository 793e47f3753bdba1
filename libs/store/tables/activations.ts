import type { Page, PageRequest } from './page.ts';

/** One activation: the newest of a name is the active one, and each is its own audit entry. [journal.md 26] */
export interface ActivationRow {
  readonly tenantId: string;
  readonly name: string;
  /** 1, 2, 3, … per tenant and name. */
  readonly number: number;
  readonly createTime: number;
  readonly body: Uint8Array;
}

/** Activations: only ever added. */
export interface ActivationTable {
  /** Answers `false` when that number of that name is taken: somebody else was first. */
  insert(row: ActivationRow): Promise<boolean>;
  newest(tenantId: string, name: string): Promise<ActivationRow | undefined>;
  /** The active one of every name, by name. */
  listNewest(tenantId: string, page: PageRequest): Promise<Page<ActivationRow>>;
  /** All of one name, newest first. */
  list(tenantId: string, name: string, page: PageRequest): Promise<Page<ActivationRow>>;
}
