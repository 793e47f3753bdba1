import { create } from '@bufbuild/protobuf';
import {
  type ListTokensRequest,
  type ListTokensResponse,
  ListTokensResponseSchema,
} from '#gen/millrace/state/v1/token_service_pb.ts';
import { isValidAt } from '#libs/auth/known-token.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { TOKEN_ORDER } from '#libs/store/tables/list-order.ts';
import { filteredPage } from '../access/filtered-page.ts';
import { tokenFromRow, tokenToProto } from '../access/token-record.ts';
import type { StateContext } from '../context.ts';

/** TokenService.ListTokens: newest first, without secrets. */
export function createListTokens(context: StateContext): UnaryHandler<ListTokensRequest, ListTokensResponse> {
  return async (request, { tenantId }) => {
    const { tokens } = context.store.tables;
    const { includeInvalid } = request;
    const now = context.nowMs();
    const { entries, nextPageToken } = await filteredPage(
      {
        order: TOKEN_ORDER,
        scope: { tenantId, filter: { includeInvalid } },
        tableScope: { tenantId, filter: {} },
        read: (page) => tokens.list(tenantId, page),
        entryOf: (row) => {
          const token = tokenFromRow(row);
          return includeInvalid || isValidAt(token, now) ? tokenToProto(token) : undefined;
        },
      },
      request,
    );
    return create(ListTokensResponseSchema, { tokens: entries, nextPageToken });
  };
}
