import { create, toBinary } from '@bufbuild/protobuf';
import {
  type DefinitionFilter,
  type ListDefinitionsRequest,
  type ListDefinitionsResponse,
  ListDefinitionsResponseSchema,
} from '#gen/millrace/state/v1/definition_service_pb.ts';
import {
  DefinitionState,
  type StoredDefinition,
  StoredDefinitionSchema,
} from '#gen/millrace/state/v1/stored_definition_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { DefinitionRow } from '#libs/store/tables/definitions.ts';
import { DEFINITION_ORDER } from '#libs/store/tables/list-order.ts';
import { pageTokenFromPlace } from '#libs/store/tables/page-token.ts';
import type { StateContext } from '../context.ts';
import { scanDefinitions } from '../definitions/scan-definitions.ts';
import { type DefinitionUse, isActive, storedFromUse } from '../definitions/stored-definition.ts';

const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_BYTES = 1024 * 1024;
/** Rows that one call looks at, so that a filter that finds little does not take for ever. */
const MAX_SCANNED = 1_000;

/**
 * DefinitionService.ListDefinitions: by workflow, then newest first. A page ends when it is full, at 1 MiB, or after
 * 1 000 rows were looked at, so that a page of a filter that finds little may be short and yet not be the last one.
 */
export function createListDefinitions(
  context: StateContext,
): UnaryHandler<ListDefinitionsRequest, ListDefinitionsResponse> {
  return async ({ filter, pageSize, pageToken, view }, { tenantId, signal }) => {
    const limit = pageSize || DEFAULT_PAGE_SIZE;
    const scope = { tenantId, filter: { asked: filterFields(filter) } };
    const nextToken = (row: DefinitionRow): string =>
      pageTokenFromPlace(DEFINITION_ORDER, scope, DEFINITION_ORDER.placeOf(row));
    const definitions: StoredDefinition[] = [];
    let bytes = 0;
    let scanned = 0;
    let last: DefinitionRow | undefined;
    const answer = (nextPageToken: string): ListDefinitionsResponse =>
      create(ListDefinitionsResponseSchema, { definitions, nextPageToken });
    const rows = scanDefinitions(context.store.tables, { scope, pageToken, filter, signal });
    for await (const { row, use } of rows) {
      // Asked only once something follows, so that the last page has no token.
      if (last !== undefined && (definitions.length >= limit || scanned >= MAX_SCANNED)) {
        return answer(nextToken(last));
      }
      scanned += 1;
      if (isWanted(use, filter)) {
        const stored = storedFromUse(use, view);
        bytes += toBinary(StoredDefinitionSchema, stored).length;
        if (last !== undefined && bytes > MAX_PAGE_BYTES && definitions.length > 0) {
          return answer(nextToken(last));
        }
        definitions.push(stored);
      }
      last = row;
    }
    return answer('');
  };
}

/** A filter's fields as values that a token is bound to; one that is empty is one that is absent. */
function filterFields(filter: DefinitionFilter | undefined): readonly unknown[] {
  return [
    filter?.workflow ?? '',
    filter?.package ?? '',
    filter?.packageDigest ?? '',
    filter?.state ?? DefinitionState.UNSPECIFIED,
    filter?.activeOnly ?? false,
    filter?.inUseOnly ?? false,
  ];
}

/** What the store does not filter by. */
function isWanted(use: DefinitionUse, filter: DefinitionFilter | undefined): boolean {
  if (filter === undefined) {
    return true;
  }
  const { record, unfinishedRuns } = use;
  const isInState =
    filter.state === DefinitionState.UNSPECIFIED || (filter.state === DefinitionState.RETIRED) === record.isRetired;
  return (
    isInState &&
    (filter.package === '' || filter.package === record.packageName) &&
    (!filter.activeOnly || isActive(use)) &&
    (!filter.inUseOnly || isActive(use) || unfinishedRuns > 0)
  );
}
