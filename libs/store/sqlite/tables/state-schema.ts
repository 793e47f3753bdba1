import { ACTIVATIONS, AUDIT } from './common-schema.ts';
import type { Schema } from './migrate.ts';

/**
 * Tables that an owner writes behind its journal. Each row has the journal position that it reflects, and is a tombstone
 * since `deleted_time`: then its fields are blank and it is in no index but its key and the one of tombstones. Ids are
 * row ids, so that bodies stay out of the indexes. `start_order` and `dead_order` are minus the time: ascending in them
 * is newest first, and a place in a list is one comparison of rows. An index of live rows ends with `deleted_time` where
 * it is to answer by itself.
 */
const OWNED = `
CREATE TABLE heads (
  id INTEGER PRIMARY KEY,
  slot INTEGER NOT NULL,
  tenant_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  deleted_time INTEGER,
  incarnation TEXT NOT NULL DEFAULT '',
  workflow TEXT NOT NULL DEFAULT '',
  version TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL DEFAULT '',
  start_order INTEGER NOT NULL DEFAULT 0,
  close_time INTEGER,
  next_wake_time INTEGER,
  expire_time INTEGER,
  attributes TEXT NOT NULL DEFAULT '[]',
  body BLOB NOT NULL DEFAULT x'',
  UNIQUE (slot, tenant_id, run_id)
) STRICT;
CREATE INDEX heads_by_start ON heads (tenant_id, start_order, run_id, deleted_time) WHERE deleted_time IS NULL;
CREATE INDEX heads_by_status ON heads (tenant_id, status, start_order, run_id, deleted_time)
  WHERE deleted_time IS NULL;
CREATE INDEX heads_by_group ON heads (tenant_id, workflow, version, status, start_order, run_id, deleted_time)
  WHERE deleted_time IS NULL;
CREATE INDEX heads_by_wake ON heads (next_wake_time, slot, tenant_id, run_id) WHERE next_wake_time IS NOT NULL;
CREATE INDEX heads_by_expiry ON heads (expire_time, slot, tenant_id, run_id) WHERE expire_time IS NOT NULL;
CREATE INDEX heads_tombstones ON heads (deleted_time) WHERE deleted_time IS NOT NULL;

CREATE TABLE head_counts (
  tenant_id TEXT NOT NULL,
  workflow TEXT NOT NULL,
  version TEXT NOT NULL,
  status TEXT NOT NULL,
  is_open INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, workflow, version, status, is_open)
) STRICT, WITHOUT ROWID;

CREATE TABLE head_attributes (
  tenant_id TEXT NOT NULL,
  name TEXT NOT NULL,
  type INTEGER NOT NULL,
  value ANY NOT NULL,
  start_order INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  head_id INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, name, type, value, start_order, run_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE past_heads (
  id INTEGER PRIMARY KEY,
  slot INTEGER NOT NULL,
  tenant_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  incarnation TEXT NOT NULL,
  position INTEGER NOT NULL,
  deleted_time INTEGER,
  expire_time INTEGER,
  body BLOB NOT NULL DEFAULT x'',
  UNIQUE (slot, tenant_id, run_id, incarnation)
) STRICT;
CREATE INDEX past_heads_by_expiry ON past_heads (expire_time, slot, tenant_id, run_id, incarnation)
  WHERE expire_time IS NOT NULL;
CREATE INDEX past_heads_tombstones ON past_heads (deleted_time) WHERE deleted_time IS NOT NULL;

CREATE TABLE segments (
  id INTEGER PRIMARY KEY,
  slot INTEGER NOT NULL,
  tenant_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  incarnation TEXT NOT NULL,
  segment INTEGER NOT NULL,
  position INTEGER NOT NULL,
  deleted_time INTEGER,
  body BLOB NOT NULL DEFAULT x'',
  UNIQUE (slot, tenant_id, run_id, incarnation, segment)
) STRICT;
CREATE INDEX segments_tombstones ON segments (deleted_time) WHERE deleted_time IS NOT NULL;

CREATE TABLE snapshots (
  id INTEGER PRIMARY KEY,
  slot INTEGER NOT NULL,
  tenant_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  incarnation TEXT NOT NULL,
  version INTEGER NOT NULL,
  position INTEGER NOT NULL,
  deleted_time INTEGER,
  body BLOB NOT NULL DEFAULT x'',
  UNIQUE (slot, tenant_id, run_id, incarnation, version)
) STRICT;
CREATE INDEX snapshots_by_run ON snapshots (tenant_id, run_id, deleted_time) WHERE deleted_time IS NULL;
CREATE INDEX snapshots_tombstones ON snapshots (deleted_time) WHERE deleted_time IS NOT NULL;

CREATE TABLE items (
  id INTEGER PRIMARY KEY,
  slot INTEGER NOT NULL,
  tenant_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  incarnation TEXT NOT NULL,
  item_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  deleted_time INTEGER,
  queue TEXT NOT NULL DEFAULT '',
  tag_set TEXT NOT NULL DEFAULT '',
  priority INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT '',
  ready_since INTEGER,
  due_time INTEGER,
  body BLOB NOT NULL DEFAULT x'',
  UNIQUE (slot, tenant_id, run_id, incarnation, item_id)
) STRICT;
CREATE INDEX items_ready ON items
  (tenant_id, queue, tag_set, priority, ready_since, slot, run_id, incarnation, item_id)
  WHERE ready_since IS NOT NULL;
CREATE INDEX items_by_due_time ON items (due_time, slot, tenant_id, run_id, incarnation, item_id)
  WHERE due_time IS NOT NULL;
CREATE INDEX items_tombstones ON items (deleted_time) WHERE deleted_time IS NOT NULL;

CREATE TABLE item_counts (
  tenant_id TEXT NOT NULL,
  queue TEXT NOT NULL,
  state TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, queue, state)
) STRICT, WITHOUT ROWID;

CREATE TABLE signals (
  id INTEGER PRIMARY KEY,
  slot INTEGER NOT NULL,
  tenant_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  incarnation TEXT NOT NULL,
  arrival INTEGER NOT NULL,
  name TEXT NOT NULL,
  position INTEGER NOT NULL,
  deleted_time INTEGER,
  expire_time INTEGER,
  body BLOB NOT NULL DEFAULT x'',
  UNIQUE (slot, tenant_id, run_id, incarnation, arrival, name)
) STRICT;
CREATE INDEX signals_by_expiry ON signals (expire_time, slot, tenant_id, run_id, incarnation, arrival, name)
  WHERE expire_time IS NOT NULL;
CREATE INDEX signals_tombstones ON signals (deleted_time) WHERE deleted_time IS NOT NULL;

CREATE TABLE dead_letters (
  id INTEGER PRIMARY KEY,
  slot INTEGER NOT NULL,
  tenant_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  incarnation TEXT NOT NULL,
  item_id TEXT NOT NULL,
  dead_letter_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  deleted_time INTEGER,
  queue TEXT NOT NULL DEFAULT '',
  dead_order INTEGER NOT NULL DEFAULT 0,
  body BLOB NOT NULL DEFAULT x'',
  UNIQUE (slot, tenant_id, run_id, incarnation, item_id, dead_letter_id)
) STRICT;
CREATE INDEX dead_letters_by_id ON dead_letters (tenant_id, dead_letter_id) WHERE deleted_time IS NULL;
CREATE INDEX dead_letters_by_time ON dead_letters (tenant_id, dead_order, dead_letter_id) WHERE deleted_time IS NULL;
CREATE INDEX dead_letters_by_queue ON dead_letters (tenant_id, queue, dead_order, dead_letter_id)
  WHERE deleted_time IS NULL;
CREATE INDEX dead_letters_by_run ON dead_letters (tenant_id, run_id, dead_order, dead_letter_id)
  WHERE deleted_time IS NULL;
CREATE INDEX dead_letters_tombstones ON dead_letters (deleted_time) WHERE deleted_time IS NOT NULL;

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY,
  source_partition INTEGER NOT NULL,
  target_partition INTEGER NOT NULL,
  number INTEGER NOT NULL,
  position INTEGER NOT NULL,
  deleted_time INTEGER,
  body BLOB NOT NULL DEFAULT x'',
  UNIQUE (source_partition, target_partition, number)
) STRICT;
CREATE INDEX outbox_open ON outbox (source_partition, target_partition, number) WHERE deleted_time IS NULL;
CREATE INDEX outbox_tombstones ON outbox (deleted_time) WHERE deleted_time IS NOT NULL;

CREATE TABLE request_ids (
  id INTEGER PRIMARY KEY,
  slot INTEGER NOT NULL,
  tenant_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  rpc TEXT NOT NULL,
  request_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  deleted_time INTEGER,
  expire_time INTEGER,
  body BLOB NOT NULL DEFAULT x'',
  UNIQUE (slot, tenant_id, run_id, rpc, request_id)
) STRICT;
CREATE INDEX request_ids_by_expiry ON request_ids (expire_time, slot, tenant_id, run_id, rpc, request_id)
  WHERE expire_time IS NOT NULL;
CREATE INDEX request_ids_tombstones ON request_ids (deleted_time) WHERE deleted_time IS NOT NULL;
`;

/** How far partitions and publishers have come. */
const MARKS = `
CREATE TABLE checkpoints (
  partition INTEGER PRIMARY KEY,
  position INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;

CREATE TABLE cursors (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

/** Rows outside runs, replaced by compare-and-set on their revision. `create_order` is minus the time of creation. */
const VERSIONED = `
CREATE TABLE definitions (
  id INTEGER PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  workflow TEXT NOT NULL,
  version TEXT NOT NULL,
  revision INTEGER NOT NULL,
  hash TEXT NOT NULL,
  package_digest TEXT NOT NULL,
  is_retired INTEGER NOT NULL,
  create_order INTEGER NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (tenant_id, workflow, version)
) STRICT;
CREATE INDEX definitions_by_workflow ON definitions (tenant_id, workflow, create_order, version);
CREATE INDEX definitions_by_package ON definitions (tenant_id, package_digest, workflow, create_order, version);

CREATE TABLE tenants (
  id INTEGER PRIMARY KEY,
  tenant_id TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  status TEXT NOT NULL,
  create_time INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;

CREATE TABLE tokens (
  id INTEGER PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  token_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  secret_hash TEXT NOT NULL UNIQUE,
  create_order INTEGER NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (tenant_id, token_id)
) STRICT;
CREATE INDEX tokens_by_time ON tokens (tenant_id, create_order, token_id);

CREATE TABLE leases (
  partition INTEGER PRIMARY KEY,
  revision INTEGER NOT NULL,
  node_id TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;

CREATE TABLE members (
  id INTEGER PRIMARY KEY,
  node_id TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
`;

/** The tables of a state service. */
export const STATE_SCHEMA: Schema = {
  name: 'a state service',
  applicationId: 0x4d4c5354,
  steps: [OWNED + MARKS + VERSIONED + ACTIVATIONS + AUDIT],
};
