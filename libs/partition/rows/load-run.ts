import { decodeSnapshot } from '#libs/engine/log/snapshot-codec.ts';
import { CLIENT_RULES, type DefinitionRules } from '#libs/engine/model/definition-rules.ts';
import { LogError } from '#libs/engine/model/log-error.ts';
import type { RunIdentity } from '#libs/engine/model/run.ts';
import { isTerminal } from '#libs/engine/model/status.ts';
import { type RunSnapshot, runFromSnapshot } from '#libs/engine/snapshot/snapshot.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { IncarnationKey, RunKey } from '#libs/store/tables/keys.ts';
import { countEvents, decodeEvents, type EventBytes, splitEvents } from '../runs/event-bytes.ts';
import { type HotRun, hotRunFrom } from '../runs/hot-run.ts';
import { offerableNodes } from '../runs/ready-entry-of.ts';
import { runEndOf } from '../runs/run-end.ts';
import { segmentNumber } from '../runs/segment.ts';
import { createTail } from '../runs/tail.ts';
import { deadLettersOf } from './dead-letter-rows.ts';
import { decodeHeadBody, type HeadBody } from './head-body.ts';

/** Reads what the engine needs of a definition. */
export type ReadRules = (tenantId: string, workflow: string, version: string) => Promise<DefinitionRules>;

type RunTables = Pick<StateTables, 'readHead' | 'readPastHead' | 'readSnapshot' | 'readSegments'>;

/**
 * Reads the newest incarnation of a run from its rows; one read for a run that is small.
 *
 * @throws DATA_CORRUPTION for rows that do not decode or do not fit together.
 */
export async function maybeLoadRun(tables: RunTables, readRules: ReadRules, key: RunKey): Promise<HotRun | undefined> {
  const row = await tables.readHead(key);
  return row === undefined ? undefined : await runFromBody(tables, readRules, row, row.body);
}

/**
 * Reads an incarnation that was replaced.
 *
 * @throws DATA_CORRUPTION for rows that do not decode or do not fit together.
 */
export async function maybeLoadPastRun(
  tables: RunTables,
  readRules: ReadRules,
  key: IncarnationKey,
): Promise<HotRun | undefined> {
  const row = await tables.readPastHead(key);
  if (row === undefined) return undefined;
  const hot = await runFromBody(tables, readRules, row, row.body);
  hot.isReplaced = true;
  return hot;
}

async function runFromBody(
  tables: RunTables,
  readRules: ReadRules,
  { tenantId, runId, incarnation }: IncarnationKey,
  bytes: Uint8Array,
): Promise<HotRun> {
  try {
    const body = decodeHeadBody(bytes);
    const identity = { tenantId, runId, incarnation, driver: body.driver };
    const snapshot = decodeSnapshot(body.snapshot ?? (await readSnapshotRow(tables, identity, body)));
    assertFits(body, snapshot);
    const { workflow, version } = snapshot.scalars;
    const rules = body.driver === 'CLIENT' ? CLIENT_RULES : await readRules(tenantId, workflow, version);
    const tail = createTail(body.openFrom);
    const hot = hotRunFrom(runFromSnapshot(identity, rules, snapshot), body.start, tail);
    tail.push(await readOpenEvents(tables, identity, body));
    hot.ended = body.ended === 'last' ? readLastEvent(hot) : body.ended;
    if ((hot.ended === undefined) === isTerminal(hot.run.status)) {
      throw new LogError('INCONSISTENT', `a head has ${hot.ended === undefined ? 'no' : 'an'} end, ${hot.run.status}`);
    }
    hot.hasHead = true;
    // Rows of dead letters are written before the head that says so.
    hot.deadRows = deadLettersOf(hot.run);
    hot.standingDead = hot.deadRows;
    hot.saved = savedOf(hot.run);
    hot.snapshotRows = body.snapshot === undefined ? [body.lastSequence] : [];
    // What was ready when the head was written has a row, unless its owner died in between; with what had to wait then,
    // none that may have one is forgotten.
    hot.itemRows = new Set(Array.from(offerableNodes(hot.run, Infinity), ({ item }) => item?.itemSequence ?? 0));
    return hot;
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    throw new DomainError('DATA_CORRUPTION', `the rows of run ${runId} cannot be read`, { cause: error });
  }
}

/** The events of a SERVER run all have places of their own; of a CLIENT run system records have some too. */
function assertFits({ driver, lastSequence }: HeadBody, { scalars }: RunSnapshot): void {
  const fits = driver === 'SERVER' ? scalars.lastSequence === lastSequence : scalars.lastSequence < lastSequence;
  if (!fits) {
    throw new LogError('INCONSISTENT', `a log of ${lastSequence} ends with event ${scalars.lastSequence}`);
  }
}

async function readSnapshotRow(tables: RunTables, key: RunIdentity, body: HeadBody): Promise<Uint8Array> {
  const row = await tables.readSnapshot(key, body.lastSequence);
  if (row?.version !== body.lastSequence) throw new LogError('INCONSISTENT', 'the snapshot of the head is missing');
  return row.body;
}

async function readOpenEvents(tables: RunTables, key: RunIdentity, body: HeadBody): Promise<EventBytes> {
  const { openFrom: firstSequence, lastSequence, openEvents } = body;
  const count = lastSequence + 1 - firstSequence;
  if (openEvents !== undefined) {
    if (countEvents(openEvents) !== count)
      throw new LogError('INCONSISTENT', `a head does not have its ${count} events`);
    return { firstSequence, count, bytes: openEvents };
  }
  const segment = segmentNumber(firstSequence);
  const [row] = await tables.readSegments(key, segment, 1);
  if (row?.segment !== segment) throw new LogError('INCONSISTENT', 'the last segment of the head is missing');
  // A round that came to the segment but not to the head left more in it; the journal has that too.
  return splitEvents({ firstSequence, count, bytes: row.body }, lastSequence + 1)[0];
}

function readLastEvent({ tail, baseTime }: HotRun): HotRun['ended'] {
  const [, last] = splitEvents(tail.openEvents(), tail.nextSequence - 1);
  const ended = decodeEvents(last, baseTime).map(runEndOf)[0];
  if (ended === undefined) throw new LogError('INCONSISTENT', 'the last event of a head is no end');
  return ended;
}

/** Each version that is kept may have a row. */
function savedOf({ client }: HotRun['run']): HotRun['saved'] {
  if (client === undefined || client.snapshots.length === 0) return undefined;
  return { waiting: new Map(), rows: new Set(client.snapshots.map(({ version }) => version)) };
}
