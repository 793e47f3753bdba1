import { ACTIVATIONS, AUDIT } from './common-schema.ts';
import type { Schema } from './migrate.ts';

/** Rows that are replaced by compare-and-set on their revision. `create_order` is minus the time of creation. */
const VERSIONED = `
CREATE TABLE packages (
  id INTEGER PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  revision INTEGER NOT NULL,
  digest TEXT NOT NULL,
  create_order INTEGER NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (tenant_id, name, version)
) STRICT;
CREATE INDEX packages_by_name ON packages (tenant_id, name, create_order, version);
CREATE INDEX packages_by_digest ON packages (tenant_id, digest, name, version);

CREATE TABLE signing_keys (
  id INTEGER PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  create_time INTEGER NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (tenant_id, key_id)
) STRICT;
`;

/** The tables of a registry. */
export const REGISTRY_SCHEMA: Schema = {
  name: 'a registry',
  applicationId: 0x4d4c5247,
  steps: [VERSIONED + ACTIVATIONS + AUDIT],
};
