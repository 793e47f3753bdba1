import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { ConflictPolicy } from '#gen/millrace/state/v1/run_service_pb.ts';
import type { StartInit } from '#libs/run-session/run-session.ts';
import { type Attribute, attributesToProto } from '../values/attributes.ts';

/** How a run is started. */
export interface StartOptions {
  /** Default: chosen by the server. */
  readonly runId?: string;
  /**
   * When the id is in use: `FAIL` is RUN_EXISTS, `USE_EXISTING` answers the run that is there, `TERMINATE_EXISTING` ends it
   * and starts a fresh one. Default `FAIL`.
   */
  readonly onConflict?: 'FAIL' | 'USE_EXISTING' | 'TERMINATE_EXISTING';
  /** Default: the newest that a connected worker announces, else the active one. */
  readonly version?: string;
  /** Default: the workflow's. */
  readonly queue?: string;
  /** 1, the most urgent, to 5. Default: the workflow's. */
  readonly priority?: number;
  /** Default: the workflow's. */
  readonly tags?: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Default: the workflow's. */
  readonly runTimeoutMs?: number;
  /** How long it is kept after its end. Default: the workflow's. */
  readonly retentionMs?: number;
  /** The same request id starts once. Default: a fresh one, so that only repeats of this call are safe. */
  readonly requestId?: string;
  /** The caller does not want the answer any more. What was started goes on. */
  readonly signal?: AbortSignal;
}

const POLICIES: Readonly<Record<NonNullable<StartOptions['onConflict']>, ConflictPolicy>> = {
  FAIL: ConflictPolicy.FAIL,
  USE_EXISTING: ConflictPolicy.USE_EXISTING,
  TERMINATE_EXISTING: ConflictPolicy.TERMINATE_EXISTING,
};

/** The fields of a start, but for its type. */
export type StartFields = Omit<StartInit, '$typeName'>;

/** The fields of a start that options say. */
export function startFields(options: StartOptions): StartFields {
  const { runId, onConflict, version, queue, priority, tags, attributes, runTimeoutMs, retentionMs, requestId } =
    options;
  const fields: StartFields = {};
  if (runId !== undefined) fields.runId = runId;
  if (onConflict !== undefined) fields.conflictPolicy = POLICIES[onConflict];
  if (version !== undefined) fields.version = version;
  if (queue !== undefined) fields.queue = queue;
  if (priority !== undefined) fields.priority = priority;
  if (tags !== undefined) fields.tags = [...tags];
  if (attributes !== undefined) fields.attributes = attributesToProto(attributes);
  if (runTimeoutMs !== undefined) fields.runTimeout = durationFromMs(runTimeoutMs);
  if (retentionMs !== undefined) fields.retention = durationFromMs(retentionMs);
  if (requestId !== undefined) fields.requestId = requestId;
  return fields;
}
