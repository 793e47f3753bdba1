import type { SaveSnapshotRequest } from '#gen/millrace/state/v1/snapshot_service_pb.ts';
import type { SaveSnapshot } from '#libs/engine/commands/client-commands.ts';
import type { StartRun } from '#libs/engine/commands/start-run.ts';
import { CLIENT_RULES } from '#libs/engine/model/definition-rules.ts';
import { createRun } from '#libs/engine/model/run.ts';
import { perform } from '#libs/engine/perform.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import type { RunVisit } from '#libs/partition/serve/run-visit.ts';
import { deliverUnborn } from '#libs/partition/serve/unborn-signals.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import { assertStartAllowed } from '../access/tenant-limits.ts';
import type { StateContext } from '../context.ts';
import { RETENTION_MS } from '../definitions/run-definition.ts';
import { errorFromRejection } from '../wire/rejection.ts';

/** The name of a workflow where nobody says one, and its version. */
const DEFAULT_WORKFLOW = 'default';
const DEFAULT_VERSION = '1';
const DEFAULT_PRIORITY = 3;

/** What a run is created by. */
export interface CreatingSave {
  readonly call: Pick<CallContext, 'principal' | 'trace'>;
  readonly request: Pick<SaveSnapshotRequest, 'workflow' | 'version' | 'definitionHash'>;
  readonly command: SaveSnapshot;
  /** The incarnation in whose blobs its payloads are. Absent: any. */
  readonly incarnation: string | undefined;
}

/**
 * Starts the run that a save is for, in the same commit: unless the save itself would be refused.
 *
 * @throws TENANT_SUSPENDED, QUOTA_EXCEEDED, and what the engine refuses the save with.
 */
export function createdBySave(context: StateContext, visit: RunVisit, save: CreatingSave): HotRun {
  const { key, now } = visit;
  const { call, request, command } = save;
  assertStartAllowed(context, key.tenantId);
  const incarnation = save.incarnation ?? context.newIncarnation(now);
  const start: StartRun = {
    kind: 'startRun',
    workflow: request.workflow || DEFAULT_WORKFLOW,
    version: request.version || DEFAULT_VERSION,
    definitionHash: request.definitionHash,
    input: undefined,
    priority: command.priority ?? DEFAULT_PRIORITY,
    tags: command.tags,
    attributes: {},
    parent: undefined,
    runTimeoutMs: undefined,
    requestedBy: call.principal.name,
    replacedIncarnation: '',
    queue: '',
  };
  const tried = createRun({ ...key, incarnation, driver: 'CLIENT' }, CLIENT_RULES);
  perform(tried, start, now);
  const { result } = perform(tried, command, now);
  if (result.kind === 'rejected') throw errorFromRejection(result.rejection, key);
  visit.start({
    incarnation,
    driver: 'CLIENT',
    rules: CLIENT_RULES,
    start: { request: undefined, retentionMs: RETENTION_MS, traceparent: call.trace?.traceparent ?? '' },
    command: start,
  });
  deliverUnborn(visit, context.node.partitionOf(key).state);
  return visit.hot as HotRun;
}
