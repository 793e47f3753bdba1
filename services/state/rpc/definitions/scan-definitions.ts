import type { DefinitionFilter } from '#gen/millrace/state/v1/definition_service_pb.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { DefinitionRow } from '#libs/store/tables/definitions.ts';
import { DEFINITION_ORDER } from '#libs/store/tables/list-order.ts';
import { pageTokenFromPlace, parsePageToken, type TokenScope } from '#libs/store/tables/page-token.ts';
import { type ActivationHistory, readActivationHistory } from './activations.ts';
import { recordFromRow } from './definition-row.ts';
import { type DefinitionUse, readUse } from './stored-definition.ts';

/** Rows of one read: few enough that the largest definitions fit into memory, and counted at the same time. */
const READ_ROWS = 16;

/** What is scanned. */
export interface DefinitionScan {
  /** What the caller's tokens are bound to. */
  readonly scope: TokenScope;
  /** Where the caller's page before ended; empty for the first page. */
  readonly pageToken: string;
  readonly filter: DefinitionFilter | undefined;
  readonly signal: AbortSignal;
}

/**
 * Definitions in the order of the list, with their use, from where a page ended. The caller's token is bound to all that
 * was asked for and may name any row; the store's is bound to what the store filters by.
 *
 * @throws PAGE_TOKEN_INVALID.
 */
export async function* scanDefinitions(
  tables: StateTables,
  { scope, pageToken, filter, signal }: DefinitionScan,
): AsyncGenerator<{ readonly row: DefinitionRow; readonly use: DefinitionUse }, void> {
  const { tenantId } = scope;
  const storeFilter = {
    ...(filter === undefined || filter.workflow === '' ? {} : { workflow: filter.workflow }),
    ...(filter === undefined || filter.packageDigest === '' ? {} : { packageDigest: filter.packageDigest }),
  };
  let token: string | undefined;
  if (pageToken !== '') {
    const place = parsePageToken(DEFINITION_ORDER, scope, pageToken);
    token = pageTokenFromPlace(DEFINITION_ORDER, { tenantId, filter: storeFilter }, place);
  }
  const histories = new Map<string, Promise<ActivationHistory>>();
  const historyOf = (workflow: string): Promise<ActivationHistory> => {
    const history = histories.get(workflow) ?? readActivationHistory(tables.activations, tenantId, workflow);
    histories.set(workflow, history);
    return history;
  };
  do {
    signal.throwIfAborted();
    const page = await tables.definitions.list(tenantId, storeFilter, {
      limit: READ_ROWS,
      ...(token === undefined ? {} : { token }),
    });
    yield* await Promise.all(
      page.rows.map(async (row) => ({
        row,
        use: await readUse(tables, recordFromRow(row), await historyOf(row.workflow)),
      })),
    );
    token = page.nextToken;
  } while (token !== undefined);
}
