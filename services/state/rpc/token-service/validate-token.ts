import { create } from '@bufbuild/protobuf';
import { Role } from '#gen/millrace/common/v1/options_pb.ts';
import { TokenSchema } from '#gen/millrace/state/v1/token_pb.ts';
import {
  type ValidateTokenRequest,
  type ValidateTokenResponse,
  ValidateTokenResponseSchema,
} from '#gen/millrace/state/v1/token_service_pb.ts';
import { isValidAt, ROOT_TOKEN } from '#libs/auth/known-token.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { tokenToProto } from '../access/token-record.ts';
import type { StateContext } from '../context.ts';

/**
 * TokenService.ValidateToken: says what a token is, as it stands in the table now. What nobody has, what is revoked or
 * expired and what is another tenant's is all the same: absent.
 */
export function createValidateToken(context: StateContext): UnaryHandler<ValidateTokenRequest, ValidateTokenResponse> {
  return async ({ tenantId: asked, secret }, { principal, tenantId }) => {
    const { tokens, tenants } = context.access;
    const isAnyTenant = principal.role === 'root' && asked === '';
    const token = await tokens.find(secret);
    if (context.access.isRoot(secret)) {
      const { tokenId, name } = ROOT_TOKEN;
      const root = create(TokenSchema, { tokenId, name, role: Role.ROOT });
      return create(ValidateTokenResponseSchema, isAnyTenant ? { token: root } : {});
    }
    if (token === undefined || !isValidAt(token, context.nowMs()) || !(isAnyTenant || token.tenantId === tenantId)) {
      return create(ValidateTokenResponseSchema);
    }
    const facts = await tenants.read(token.tenantId);
    return create(ValidateTokenResponseSchema, {
      token: tokenToProto(token),
      ...(facts === undefined ? {} : { tenantStatus: facts.status }),
    });
  };
}
