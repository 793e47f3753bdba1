import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StateTables } from '#libs/store/store.ts';
import type { HeadRow } from '#libs/store/tables/heads.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import { EVENTS_PER_SEGMENT } from '#libs/store/tables/segments.ts';

/** Rows of one round, as an owner writes them behind its journal. */
const ROWS_PER_ROUND = 200;
const HEAD_BYTES = 400;
const SEGMENT_BYTES: number = 40 * EVENTS_PER_SEGMENT;

/** How fast a store writes rows. */
export interface TableFigure {
  readonly newHeadsPerSecond: number;
  readonly replacedHeadsPerSecond: number;
  readonly segmentsPerSecond: number;
}

/** Writes heads and segments for a while each: new ones, and heads that are there. */
export async function measureTables(tables: StateTables, seconds: number): Promise<TableFigure> {
  const { signal } = new AbortController();
  const tenantId = `bench-${randomBytes(4).toString('hex')}`;
  let position = 0;
  let runs = 0;
  const repeat = async (makeRound: () => RowWrite[]): Promise<number> => {
    const start = performance.now();
    let rows = 0;
    for (let now = start; now - start < seconds * 1000; now = performance.now()) {
      position += 1;
      const writes = makeRound();
      await tables.writeRows({ position, time: Date.now() }, writes, signal);
      rows += writes.length;
      // As between the writes of an owner: a thread that writes is heard only then.
      await nextTurn();
    }
    return rows / ((performance.now() - start) / 1000);
  };
  const newHeadsPerSecond = await repeat(() =>
    round((): RowWrite => {
      runs += 1;
      return { table: 'heads', put: headOf(tenantId, runs), isNew: true };
    }),
  );
  const written = runs;
  let next = 0;
  const replacedHeadsPerSecond = await repeat(() =>
    round((): RowWrite => {
      next = (next % written) + 1;
      return { table: 'heads', put: headOf(tenantId, next) };
    }),
  );
  let segment = 0;
  const segmentsPerSecond = await repeat(() =>
    round((): RowWrite => {
      segment += 1;
      const { runId, incarnation } = headOf(tenantId, (segment % written) + 1);
      const number = Math.floor(segment / written);
      const put = { tenantId, runId, incarnation, segment: number, body: randomBytes(SEGMENT_BYTES) };
      return { table: 'segments', put, isNew: true };
    }),
  );
  return { newHeadsPerSecond, replacedHeadsPerSecond, segmentsPerSecond };
}

function round(make: () => RowWrite): RowWrite[] {
  return Array.from({ length: ROWS_PER_ROUND }, make);
}

function headOf(tenantId: string, run: number): HeadRow {
  return {
    tenantId,
    runId: `order-${run}`,
    incarnation: `0190a000-0000-7000-8000-${String(run).padStart(12, '0')}`,
    workflow: 'order',
    version: '1',
    status: run % 2 === 0 ? 'COMPLETED' : 'RUNNING',
    startTime: 1_700_000_000_000 + run,
    ...(run % 2 === 0 ? { closeTime: 1_700_000_001_000 + run } : { nextWakeTime: 1_700_000_900_000 + run }),
    attributes: { customer: { type: 'keyword', value: `c${run % 1000}` } },
    body: randomBytes(HEAD_BYTES),
  };
}
