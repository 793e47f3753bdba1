import type { AuditEntry } from '#gen/millrace/state/v1/audit_pb.ts';
import { readEvents } from '#libs/partition/rows/read-events.ts';
import type { StateTables } from '#libs/store/store.ts';
import { type ListedRun, type ListPlace, listedFromHead, maybeListedFromPastHead } from '../reads/listed-run.ts';
import { incarnationsOf, scanRuns } from '../reads/scan-runs.ts';
import type { AuditSelection } from './audit-filter.ts';
import { maybeRunEntry } from './run-entries.ts';

/** Where a scan of runs is: in the log of an incarnation. */
export type RunPlace = readonly [...ListPlace, logPlace: number];

/** A step of the scan. */
export interface RunStep {
  /** Undefined: so far nothing more was found. */
  readonly entry: AuditEntry | undefined;
  /** Behind what was looked at. */
  readonly place: RunPlace;
  /** How much was looked at for it. */
  readonly cost: number;
}

const READ_EVENTS = 200;
const READ_BYTES = 1024 * 1024;
/** A scan goes on until its caller has enough. */
const MANY = 5_000;

/**
 * What the logs of runs say for the audit: runs by create time, the newest first, incarnations that were replaced behind the
 * one under their id, and of each what its log says, in the log's order.
 */
export async function* scanRunEntries(
  tables: StateTables,
  tenantId: string,
  selection: AuditSelection,
  targetId: string,
  after: RunPlace | undefined,
  signal: AbortSignal,
): AsyncGenerator<RunStep, void> {
  const place: ListPlace | undefined = after === undefined ? undefined : [after[0], after[1], after[2]];
  if (after !== undefined && place !== undefined) {
    const half = await maybeListed(tables, tenantId, place);
    if (half !== undefined) yield* entriesOf(tables, half, selection, after[3], signal);
  }
  for await (const run of runsOf(tables, tenantId, targetId, selection, place, signal)) {
    const { startTime, closeTime = Number.POSITIVE_INFINITY } = run;
    if (startTime >= selection.before || closeTime < selection.atOrAfter) {
      yield { entry: undefined, place: [...run.place, Number.MAX_SAFE_INTEGER], cost: 1 };
    } else {
      yield* entriesOf(tables, run, selection, 0, signal);
    }
  }
}

async function* runsOf(
  tables: StateTables,
  tenantId: string,
  targetId: string,
  { before }: AuditSelection,
  after: ListPlace | undefined,
  signal: AbortSignal,
): AsyncGenerator<ListedRun, void> {
  if (targetId === '') {
    const lookup = before === Number.POSITIVE_INFINITY ? {} : { startedBefore: before };
    yield* scanRuns(tables, { tenantId, lookup, includesReplaced: true, after, offset: 0, wanted: MANY, signal });
    return;
  }
  const head = await tables.readHead({ tenantId, runId: targetId });
  if (head === undefined) return;
  for await (const run of incarnationsOf(tables, head, true)) {
    if (after === undefined || run.incarnation < after[2]) yield run;
  }
}

async function* entriesOf(
  tables: StateTables,
  run: ListedRun,
  { matches }: AuditSelection,
  fromPlace: number,
  signal: AbortSignal,
): AsyncGenerator<RunStep, void> {
  const end: RunPlace = [...run.place, Number.MAX_SAFE_INTEGER];
  const hot = fromPlace === Number.MAX_SAFE_INTEGER ? undefined : await run.load();
  let place = Math.max(1, fromPlace);
  while (hot !== undefined && place < hot.tail.nextSequence) {
    signal.throwIfAborted();
    const window = { afterSequence: 0, maxEvents: READ_EVENTS, maxBytes: READ_BYTES, includeSystem: true };
    const page = await readEvents(tables, hot, { ...window, fromPlace: place });
    for (const [index, event] of page.events.entries()) {
      const entry = maybeRunEntry(run.runId, run.incarnation, event);
      if (entry !== undefined && matches(entry)) yield { entry, place: [...run.place, place + index + 1], cost: 0 };
    }
    place = page.nextPlace;
    yield { entry: undefined, place: [...run.place, place], cost: page.events.length };
    if (!page.hasMore) break;
  }
  yield { entry: undefined, place: end, cost: 1 };
}

/** An incarnation by its place in the list. Undefined: it was deleted meanwhile. */
async function maybeListed(
  tables: StateTables,
  tenantId: string,
  [newestStartTime, runId, incarnation]: ListPlace,
): Promise<ListedRun | undefined> {
  const head = await tables.readHead({ tenantId, runId });
  if (head?.incarnation === incarnation) return listedFromHead(tables, head);
  const past = await tables.readPastHead({ tenantId, runId, incarnation });
  return past && (await maybeListedFromPastHead(tables, past, newestStartTime));
}
