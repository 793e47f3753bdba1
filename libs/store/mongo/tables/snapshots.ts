import { SNAPSHOT_RUN_ORDER } from '#libs/store/tables/list-order.ts';
import { readPage } from '#libs/store/tables/read-page.ts';
import type { OwnedRows } from '#libs/store/tables/row-writer.ts';
import type { SnapshotRow, SnapshotTable } from '#libs/store/tables/snapshots.ts';
import { readFirstOfEach } from './distinct.ts';
import { fieldsOfPlainRow, plainRowFrom } from './plain-row.ts';
import { idFromParts, idOfIncarnation, idsFrom } from './row-id.ts';
import { createRows, LIVE, type RowSpec } from './rows.ts';
import type { TablesContext } from './tables-context.ts';

/** Snapshots as documents. */
export const SNAPSHOT_SPEC: RowSpec<SnapshotRow, OwnedRows['snapshots']['key']> = {
  collection: 'snapshots',
  idOf: (key) => idOfIncarnation(key) + idFromParts(key.version),
  fieldsOf: fieldsOfPlainRow,
  rowFrom: plainRowFrom,
};

/** Versions read at once. */
const VERSIONS = 1_000;

/** Opens the table of snapshots. */
export function createSnapshots(context: TablesContext): SnapshotTable {
  const rows = createRows(context, SNAPSHOT_SPEC);
  return {
    async readSnapshot(key, atVersion = Number.MAX_SAFE_INTEGER) {
      const { $gte } = idsFrom(idOfIncarnation(key));
      const ids = { $gte, $lte: SNAPSHOT_SPEC.idOf({ ...key, version: atVersion }) };
      const [newest] = await rows.find({ _id: ids, ...LIVE }, { sort: { _id: -1 }, limit: 1 });
      return newest;
    },
    async listSnapshotVersions(key) {
      const versions: number[] = [];
      const { $gte, $lt } = idsFrom(idOfIncarnation(key));
      let end = $lt;
      for (;;) {
        const options = { sort: { _id: -1 }, limit: VERSIONS } as const;
        const found = await rows.findFields({ _id: { $gte, $lt: end }, ...LIVE }, ['version'], options);
        versions.push(...found.map(({ version }) => version as number));
        const last = versions.at(-1);
        if (found.length < VERSIONS || last === undefined) {
          return versions;
        }
        end = SNAPSHOT_SPEC.idOf({ ...key, version: last });
      }
    },
    listSnapshotRuns: (tenantId, page) =>
      readPage(SNAPSHOT_RUN_ORDER, { tenantId, filter: {} }, page, async ({ after, skip, take }) => {
        const firsts = await readFirstOfEach(
          after?.[0],
          skip + take,
          (last, limit) =>
            rows.findFields({ tenantId, ...(last === undefined ? {} : { runId: { $gt: last } }) }, ['runId'], {
              sort: { runId: 1 },
              limit,
            }),
          ({ runId }) => runId as string,
        );
        return firsts.slice(skip).map(({ runId }) => runId as string);
      }),
  };
}
