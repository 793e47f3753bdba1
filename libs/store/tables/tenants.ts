import type { Page, PageRequest } from './page.ts';
import type { Versioned, VersionedTable } from './versioned.ts';

/** A tenant. */
export interface TenantRow extends Versioned {
  readonly tenantId: string;
  readonly status: string;
  readonly createTime: number;
  readonly body: Uint8Array;
}

/** Tenants, by id. */
export interface TenantTable extends VersionedTable<string, TenantRow> {
  list(page: PageRequest): Promise<Page<TenantRow>>;
}
