import type { Page, PageRequest } from './page.ts';
import type { Versioned, VersionedTable } from './versioned.ts';

/** Names a definition. */
export interface DefinitionKey {
  readonly tenantId: string;
  readonly workflow: string;
  readonly version: string;
}

/** A definition with what its owner packed of it. */
export interface DefinitionRow extends DefinitionKey, Versioned {
  readonly hash: string;
  /** Digest of the package that it came with; empty for none. */
  readonly packageDigest: string;
  readonly isRetired: boolean;
  readonly createTime: number;
  readonly body: Uint8Array;
}

/** Definitions. */
export interface DefinitionTable extends VersionedTable<DefinitionKey, DefinitionRow> {
  /** By workflow, then newest first, then by version. */
  list(
    tenantId: string,
    filter: { readonly workflow?: string; readonly packageDigest?: string },
    page: PageRequest,
  ): Promise<Page<DefinitionRow>>;
}
