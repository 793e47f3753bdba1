import { createByteReader, readByte } from '#libs/engine/log/byte-reader.ts';
import { writeByte } from '#libs/engine/log/byte-writer.ts';
import { payload } from '#libs/engine/log/value-codecs.ts';
import { LogError } from '#libs/engine/model/log-error.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import type { HotRun, TakenRows } from '../runs/hot-run.ts';
import { packBody } from './pack-body.ts';

/** The format that is written. */
const FORMAT = 1;
/** The rows of what a runtime saved are numbered far above those of the run's own folds, which have places of its log. */
const FIRST_ROW: number = 2 ** 44;

type TakenSaved = TakenRows['saved'];

const NOTHING: TakenSaved = { put: [], gone: [] };

/** Makes the rows of payloads that have none, and deletes those of versions that are not kept any more. */
export function takeSavedRows({ identity, run, saved }: HotRun, writes: RowWrite[]): TakenSaved {
  if (saved === undefined) return NOTHING;
  const { tenantId, runId, incarnation } = identity;
  const kept = new Set(run.client?.snapshots.map(({ version }) => version));
  const gone = [...saved.rows].filter((version) => !kept.has(version));
  for (const version of gone) {
    writes.push({ table: 'snapshots', delete: { tenantId, runId, incarnation, version: FIRST_ROW + version } });
  }
  const put: number[] = [];
  for (const [version, value] of saved.waiting) {
    if (!kept.has(version)) continue;
    const body = packBody((writer) => {
      writeByte(writer, FORMAT);
      payload.write(writer, value);
    });
    writes.push({ table: 'snapshots', put: { tenantId, runId, incarnation, version: FIRST_ROW + version, body } });
    saved.rows.add(version);
    put.push(version);
  }
  return { put, gone };
}

/** Notes that what was taken stands in the tables. */
export function settleSavedRows({ saved }: Pick<HotRun, 'saved'>, { put, gone }: TakenSaved): void {
  for (const version of put) saved?.waiting.delete(version);
  for (const version of gone) saved?.rows.delete(version);
}

/**
 * The payload of a version that is kept and is not in the log.
 *
 * @throws DATA_CORRUPTION when it is nowhere, or does not decode.
 */
export async function readSavedPayload(
  tables: Pick<StateTables, 'readSnapshot'>,
  { identity, saved }: HotRun,
  version: number,
): Promise<Payload | undefined> {
  const waiting = saved?.waiting.get(version);
  if (waiting !== undefined) return waiting;
  const row = await tables.readSnapshot(identity, FIRST_ROW + version);
  try {
    if (row?.version !== FIRST_ROW + version) throw new LogError('INCONSISTENT', 'its row is missing');
    const reader = createByteReader(row.body);
    const format = readByte(reader);
    if (format !== FORMAT) throw new LogError('UNKNOWN_VERSION', `snapshots of format ${format} are not known`);
    return payload.read(reader);
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    const what = `snapshot ${version} of run ${identity.runId}`;
    throw new DomainError('DATA_CORRUPTION', `${what} cannot be read`, { cause: error });
  }
}
