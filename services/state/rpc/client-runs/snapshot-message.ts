import { toBinary } from '@bufbuild/protobuf';
import { type Payload as PayloadMessage, PayloadSchema } from '#gen/millrace/common/v1/payload_pb.ts';
import type { Snapshot } from '#gen/millrace/state/v1/snapshot_pb.ts';
import type { SavedSnapshot } from '#libs/engine/model/client-state.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { readSavedPayload } from '#libs/partition/rows/saved-rows.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import type { StateTables } from '#libs/store/store.ts';
import { eventsAt } from '../reads/events-at.ts';
import { openStateOf } from '../reads/open-state.ts';
import { MAX_PAGE_BYTES } from '../reads/page-limits.ts';
import { driverToProto } from '../wire/driver.ts';
import { maybeFailureToProto } from '../wire/failure.ts';
import { payloadToReadableProto } from '../wire/payload.ts';
import { hintsToProto, maybePositionToProto } from '../wire/position.ts';
import { statusToProto } from '../wire/status.ts';
import { maybeTimestampFromTime, timestampFromTime } from '../wire/timestamp.ts';
import { assertRecord } from './record-at.ts';

/** What is in memory of the snapshots of a run at one moment; what they hold never changes and is read later. */
export interface SnapshotDraft {
  readonly hot: HotRun;
  /** The run as it is, for what the newest snapshot shows. */
  readonly message: Snapshot;
  /** Absent: none was saved, or the run is the server's. */
  readonly saved: SavedSnapshot | undefined;
  readonly isNewest: boolean;
  readonly results: readonly (readonly [taskId: string, place: number])[];
}

/**
 * Drafts a snapshot: the newest, or the version that is named.
 *
 * @throws SNAPSHOT_NOT_FOUND for a version that is not kept.
 */
export function draftSnapshot(hot: HotRun, version: number | undefined): SnapshotDraft {
  const { run } = hot;
  const { client } = run;
  if (client === undefined) {
    if (version !== undefined && version !== run.lastSequence) throw notFound(hot, version);
    const fold = { case: 'fold', value: openStateOf(hot) } as const;
    const message = { ...headOf(hot), version: BigInt(run.lastSequence), content: fold };
    return { hot, message, saved: undefined, isNewest: true, results: [] };
  }
  const newest = client.snapshots.at(-1);
  const saved = version === undefined ? newest : client.snapshots.find((one) => one.version === version);
  if (version !== undefined && saved === undefined) throw notFound(hot, version);
  const isNewest = saved === newest;
  return { hot, message: headOf(hot), saved, isNewest, results: isNewest ? [...client.results] : [] };
}

function notFound({ identity }: HotRun, version: number): DomainError {
  return new DomainError('SNAPSHOT_NOT_FOUND', `run ${identity.runId} has no snapshot of version ${version}`, {
    metadata: { run_id: identity.runId, version: String(version) },
  });
}

function headOf({ identity, run, ended }: HotRun): Snapshot {
  const { client } = run;
  return {
    $typeName: 'millrace.state.v1.Snapshot',
    runId: identity.runId,
    incarnation: identity.incarnation,
    version: 0n,
    driver: driverToProto(identity.driver),
    status: statusToProto(run.status),
    content: { case: undefined },
    position: maybePositionToProto(client?.position),
    taskHints: hintsToProto(client?.hints.values() ?? []),
    priority: run.priority,
    tags: [...(client?.taskTags ?? run.tags)],
    atSequence: BigInt(run.lastSequence),
    workflow: run.workflow,
    workflowVersion: run.version,
    definitionHash: run.definitionHash,
    createTime: timestampFromTime(run.updateTime),
    output: payloadToReadableProto(ended?.output),
    failure: maybeFailureToProto(ended?.failure, payloadToReadableProto),
    taskResults: {},
    taskResultsTruncated: false,
  };
}

/** The snapshot of a run that was just started: nothing was saved, and its input is still at hand. */
export function freshSnapshot(hot: HotRun): Snapshot {
  const message = headOf(hot);
  setInput(message, payloadToReadableProto(hot.freshInput));
  return message;
}

/**
 * Completes a draft with what its records hold.
 *
 * @throws DATA_CORRUPTION for a log that does not decode.
 */
export async function finishSnapshot(
  tables: Pick<StateTables, 'readSegments' | 'readSnapshot'>,
  { hot, message, saved, isNewest, results }: SnapshotDraft,
): Promise<Snapshot> {
  const wanted = [1, ...(saved === undefined ? [] : [saved.place])];
  const entries = await eventsAt(tables, hot, wanted);
  const first = entries.get(1);
  const started = first?.kind === 'systemRecord' ? first.record : first;
  if (started?.kind === 'runStarted') setInput(message, payloadToReadableProto(started.input));
  if (saved !== undefined) {
    const entry = entries.get(saved.place);
    const record = assertRecord(entry, hot, saved.place, ['snapshotSaved']);
    message.version = BigInt(saved.version);
    message.atSequence = BigInt(record.atSequence);
    const createTime = maybeTimestampFromTime(entry?.eventTime);
    if (createTime !== undefined) message.createTime = createTime;
    const opaque = payloadToReadableProto(record.payload ?? (await readSavedPayload(tables, hot, saved.version)));
    if (opaque !== undefined) message.content = { case: 'opaque', value: opaque };
    if (!isNewest) showAsItWas(message, record);
  }
  await addResults(tables, hot, message, results);
  return message;
}

function setInput(message: Snapshot, input: PayloadMessage | undefined): void {
  if (input !== undefined) message.input = input;
}

/** An older version shows what it said, not what has become of the run. */
function showAsItWas(message: Snapshot, record: ReturnType<typeof assertRecord<'snapshotSaved'>>): void {
  message.status = statusToProto(record.status);
  message.position = maybePositionToProto(record.position);
  message.taskHints = hintsToProto(record.hints);
  message.tags = [...record.tags];
  if (record.priority !== undefined) message.priority = record.priority;
  delete message.output;
  delete message.failure;
}

/** Results of so many tasks are read at once, so that one that is full ends soon. */
const RESULTS_AT_ONCE = 100;

async function addResults(
  tables: Pick<StateTables, 'readSegments'>,
  hot: HotRun,
  message: Snapshot,
  results: SnapshotDraft['results'],
): Promise<void> {
  let bytes = 0;
  for (let at = 0; at < results.length; at += RESULTS_AT_ONCE) {
    const some = results.slice(at, at + RESULTS_AT_ONCE);
    const entries = await eventsAt(
      tables,
      hot,
      some.map(([, place]) => place),
    );
    for (const [taskId, place] of some) {
      const record = assertRecord(entries.get(place), hot, place, ['taskResultSaved', 'taskCompleted']);
      const output = payloadToReadableProto(record.output ?? NULL_PAYLOAD);
      if (output === undefined) continue;
      bytes += toBinary(PayloadSchema, output).length + taskId.length;
      if (bytes > MAX_PAGE_BYTES) {
        message.taskResultsTruncated = true;
        return;
      }
      message.taskResults[taskId] = output;
    }
  }
}

const NULL_PAYLOAD = { contentType: '', encodings: [], data: undefined, ref: undefined };
