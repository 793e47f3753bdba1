import type { ItemDied } from '#libs/engine/events/client-events.ts';
import { createByteReader, readByte } from '#libs/engine/log/byte-reader.ts';
import { writeByte } from '#libs/engine/log/byte-writer.ts';
import { list, object, optional, text, varint, word } from '#libs/engine/log/codec.ts';
import { failure } from '#libs/engine/log/value-codecs.ts';
import { maybeItemId, maybeTaskId, plainQueue } from '#libs/engine/model/client-path.ts';
import { type DeadNode, type DeadReason, MAX_ATTEMPTS } from '#libs/engine/model/client-state.ts';
import type { Failure } from '#libs/engine/model/failure.ts';
import { LogError } from '#libs/engine/model/log-error.ts';
import type { Run } from '#libs/engine/model/run.ts';
import type { DeadLetterKey, DeadLetterRow } from '#libs/store/tables/dead-letters.ts';
import { isFreeTenant, plainTenant } from '#libs/store/tables/free-tenant.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import { decodeEvents, splitEvents } from '../runs/event-bytes.ts';
import { type HotRun, NO_DEAD_LETTERS } from '../runs/hot-run.ts';
import { packBody } from './pack-body.ts';

/** The format that is written. */
const FORMAT = 1;

/** What the row of a dead letter says besides its key: all that lists show and choose by. */
export interface DeadLetterFacts {
  /** The task. Empty: a work item. */
  readonly taskId: string;
  /** The node or task that an item is for. */
  readonly nodeId: string;
  readonly workflow: string;
  readonly reason: DeadReason;
  /** Who moved it. Empty: the server. */
  readonly movedBy: string;
  /** Why the last attempt failed, or why it was moved; without its details, which may be large. */
  readonly failure: Failure;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly priority: number;
  readonly tags: readonly string[];
  readonly createTime: number | undefined;
  /** Who had the attempt that failed last. Empty: nobody. */
  readonly workerId: string;
}

const facts = object<DeadLetterFacts>({
  taskId: text,
  nodeId: text,
  workflow: text,
  reason: word<DeadReason>(['EXHAUSTED', 'EXPIRED', 'MOVED', 'POISON']),
  movedBy: text,
  failure,
  attempt: varint,
  maxAttempts: varint,
  priority: varint,
  tags: list(text),
  createTime: optional(varint),
  workerId: text,
});

/** The dead letters of a run, each with its item; a task has none. */
export function deadLettersOf({ client }: Run): ReadonlyMap<string, string> {
  if (client === undefined || client.dead.size === 0) return NO_DEAD_LETTERS;
  return new Map(Array.from(client.dead, ([path, { deadLetterId }]) => [deadLetterId, maybeItemId(path) ?? '']));
}

/**
 * The rows of a run's dead letters: those that came, and the end of those that may have one and are none any more. A
 * letter that stood once is not written again: of a run that has ended it may have been removed since.
 */
export function takeDeadLetterRows(hot: HotRun, writes: RowWrite[]): void {
  const { client } = hot.run;
  if (client === undefined || (client.dead.size === 0 && hot.deadRows.size === 0)) return;
  const dead = new Set<string>();
  for (const [path, node] of client.dead) {
    dead.add(node.deadLetterId);
    if (!hot.standingDead.has(node.deadLetterId)) writes.push({ table: 'deadLetters', put: rowOf(hot, path, node) });
  }
  for (const [deadLetterId, itemId] of hot.deadRows) {
    if (!dead.has(deadLetterId)) writes.push({ table: 'deadLetters', delete: keyOf(hot, deadLetterId, itemId) });
  }
}

/** How the row of a dead letter is named: that of a free item belongs to the tenant, and to no run. */
function keyOf({ identity }: HotRun, deadLetterId: string, itemId: string): DeadLetterKey {
  const { tenantId, runId, incarnation } = identity;
  const owner = isFreeTenant(tenantId)
    ? { tenantId: plainTenant(tenantId), runId: '', incarnation: '' }
    : { tenantId, runId, incarnation };
  return { ...owner, itemId, deadLetterId };
}

function rowOf(hot: HotRun, path: string, dead: DeadNode): DeadLetterRow {
  const { run } = hot;
  const known = run.client?.items.get(path);
  const { movedBy, failure: why } = deathOf(hot, dead);
  const queue = known === undefined ? '' : plainQueue(known.queue);
  return {
    ...keyOf(hot, dead.deadLetterId, maybeItemId(path) ?? ''),
    queue,
    deadTime: dead.time,
    body: packBody((writer) => {
      writeByte(writer, FORMAT);
      facts.write(writer, {
        taskId: maybeTaskId(path) ?? '',
        nodeId: known?.nodeId ?? '',
        workflow: run.workflow,
        reason: dead.reason,
        movedBy,
        failure: { ...why, details: undefined },
        attempt: dead.attempt,
        maxAttempts: known?.maxAttempts ?? MAX_ATTEMPTS,
        priority: known?.priority ?? run.priority,
        tags: known?.tags ?? [],
        createTime: known?.createTime,
        workerId: run.nodes.get(path)?.failedWorkerId ?? '',
      });
    }),
  };
}

/** The record of a death whose row does not stand: what has no row is in the end of the log that is in memory. */
function deathOf({ tail, baseTime, identity }: HotRun, { place }: DeadNode): ItemDied {
  for (const chunk of tail.chunks) {
    const at = place - chunk.firstSequence;
    if (at < 0 || at >= chunk.count) continue;
    const [event] = decodeEvents(splitEvents(splitEvents(chunk, place)[1], place + 1)[0], baseTime);
    if (event?.kind === 'systemRecord' && event.record.kind === 'itemDied') return event.record;
  }
  throw new LogError('INCONSISTENT', `entry ${place} of run ${identity.runId} is no dead letter`);
}

/**
 * What the row of a dead letter says.
 *
 * @throws LogError UNKNOWN_VERSION, TRUNCATED or MALFORMED when it does not decode.
 */
export function deadLetterFromRow({ body }: Pick<DeadLetterRow, 'body'>): DeadLetterFacts {
  const reader = createByteReader(body);
  const format = readByte(reader);
  if (format !== FORMAT) throw new LogError('UNKNOWN_VERSION', `dead letters of format ${format} are not known`);
  const read = facts.read(reader);
  if (reader.position === reader.end) return read;
  throw new LogError('MALFORMED', `${reader.end - reader.position} bytes follow a dead letter`);
}
