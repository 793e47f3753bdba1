/** Activations: the newest of a name is the active one. */
export const ACTIVATIONS = `
CREATE TABLE activations (
  id INTEGER PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  name TEXT NOT NULL,
  number INTEGER NOT NULL,
  create_time INTEGER NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (tenant_id, name, number)
) STRICT;
`;

/** The chain of audit entries of each tenant. */
export const AUDIT = `
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  time INTEGER NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (tenant_id, number)
) STRICT;
`;
