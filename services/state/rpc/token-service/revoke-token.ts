import { create } from '@bufbuild/protobuf';
import {
  type RevokeTokenRequest,
  type RevokeTokenResponse,
  RevokeTokenResponseSchema,
} from '#gen/millrace/state/v1/token_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { appendAudit } from '../access/append-audit.ts';
import { rowFromToken, tokenFromRow, tokenToProto } from '../access/token-record.ts';
import type { StateContext } from '../context.ts';

/** Others who change the row meanwhile: those who note its last use, and those who revoke it too. */
const MAX_ATTEMPTS = 10;

/** TokenService.RevokeToken: from now on this node refuses the token, within 5 s every other one does. */
export function createRevokeToken(context: StateContext): UnaryHandler<RevokeTokenRequest, RevokeTokenResponse> {
  return async ({ tokenId, reason, requestId }, call) => {
    const { tenantId } = call;
    const { tokens } = context.store.tables;
    let isNoted = false;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const row = await tokens.read({ tenantId, tokenId });
      if (row === undefined) {
        throw new DomainError('TOKEN_NOT_FOUND', 'there is no such token', { metadata: { token_id: tokenId } });
      }
      const token = tokenFromRow(row);
      if (token.revokeTime !== undefined) return create(RevokeTokenResponseSchema, { token: tokenToProto(token) });
      if (!isNoted) {
        await appendAudit(context, call, tenantId, {
          action: 'millrace.state.v1.TokenService/RevokeToken',
          targetKind: 'token',
          targetId: tokenId,
          details: { name: token.name, ...(reason === '' ? {} : { reason }) },
          requestId,
        });
        isNoted = true;
      }
      const revoked = { ...token, revokeTime: context.nowMs() };
      if (await tokens.replace(rowFromToken(revoked))) {
        context.access.forgetToken(tokenId);
        return create(RevokeTokenResponseSchema, { token: tokenToProto(revoked) });
      }
    }
    throw new DomainError('UNAVAILABLE', 'the token changes all the time', { retryAfterMs: 250 });
  };
}
