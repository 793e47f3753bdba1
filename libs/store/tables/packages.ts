import type { Page, PageRequest } from './page.ts';
import type { Versioned, VersionedTable } from './versioned.ts';

/** Names a package. */
export interface PackageKey {
  readonly tenantId: string;
  readonly name: string;
  readonly version: string;
}

/** A package's metadata; the archive is a blob under its digest. */
export interface PackageRow extends PackageKey, Versioned {
  readonly digest: string;
  readonly createTime: number;
  readonly body: Uint8Array;
}

/** Packages. */
export interface PackageTable extends VersionedTable<PackageKey, PackageRow> {
  readByDigest(tenantId: string, digest: string): Promise<PackageRow | undefined>;
  /** By name, then newest first, then by version. */
  list(tenantId: string, filter: { readonly name?: string }, page: PageRequest): Promise<Page<PackageRow>>;
}

/** Names a signing key. */
export interface SigningKeyKey {
  readonly tenantId: string;
  readonly keyId: string;
}

/** A key that packages may be signed with. */
export interface SigningKeyRow extends SigningKeyKey, Versioned {
  readonly createTime: number;
  readonly body: Uint8Array;
}

/** Signing keys. */
export interface SigningKeyTable extends VersionedTable<SigningKeyKey, SigningKeyRow> {
  /** By id. */
  list(tenantId: string, page: PageRequest): Promise<Page<SigningKeyRow>>;
}
