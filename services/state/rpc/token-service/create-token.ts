import { createHash } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import {
  type CreateTokenRequest,
  type CreateTokenResponse,
  CreateTokenResponseSchema,
} from '#gen/millrace/state/v1/token_service_pb.ts';
import { hashSecret } from '#libs/auth/api-token.ts';
import { isValidAt } from '#libs/auth/known-token.ts';
import type { Role } from '#libs/auth/roles.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { maybeRoleFromProto } from '#libs/rpc/role-from-proto.ts';
import type { TokenTable } from '#libs/store/tables/tokens.ts';
import { appendAudit } from '../access/append-audit.ts';
import { requestHash } from '../access/request-hash.ts';
import { quotaExceeded } from '../access/start-rates.ts';
import { rowFromToken, type TokenRecord, tokenFromRow, tokenToProto } from '../access/token-record.ts';
import type { StateContext } from '../context.ts';
import { assertSameRequest, REQUEST_ID_MS } from '../runs/request-ids.ts';
import { msFromDuration } from '../wire/duration.ts';
import { invalidField } from '../wire/invalid-field.ts';
import { timeFromTimestamp } from '../wire/timestamp.ts';

const COUNTED_PER_PAGE = 1_000;

/**
 * TokenService.CreateToken: makes a token and answers its secret, this once. The token's id follows from the request's,
 * so that whoever repeats it, on whatever node, meets the row of the first.
 */
export function createCreateToken(context: StateContext): UnaryHandler<CreateTokenRequest, CreateTokenResponse> {
  return async (request, call) => {
    const { tenantId } = call;
    const { tokens } = context.store.tables;
    const { name, requestId } = request;
    const { access, newId } = context;
    const now = context.nowMs();
    const role = roleOf(request);
    const expireTime = expiryOf(request, now);
    const hash = requestHash([name, role, request.expiry.case ?? '', describeExpiry(request)]);
    let tokenId = idFrom(tenantId, requestId || newId());
    if (requestId !== '') {
      const stored = await tokens.read({ tenantId, tokenId });
      if (stored !== undefined) {
        if (now - stored.createTime < REQUEST_ID_MS) return answerRepeat(tokenFromRow(stored), hash, requestId);
        tokenId = idFrom(tenantId, newId());
      }
    }
    const { limits } = access.tenants.peek(tenantId);
    if (limits?.maxTokens !== undefined) await assertRoom(tokens, tenantId, limits.maxTokens, now);
    const secret = access.newSecret();
    const token: TokenRecord = {
      tenantId,
      tokenId,
      revision: 0,
      name,
      role,
      secretHash: hashSecret(secret),
      createTime: now,
      expireTime,
      revokeTime: undefined,
      lastUseTime: undefined,
      requestHash: hash,
    };
    await appendAudit(context, call, tenantId, {
      action: 'millrace.state.v1.TokenService/CreateToken',
      targetKind: 'token',
      targetId: tokenId,
      details: {
        name,
        role,
        ...(expireTime === undefined ? {} : { expire_time: new Date(expireTime).toISOString() }),
      },
      requestId,
    });
    if (await tokens.insert(rowFromToken(token))) {
      return create(CreateTokenResponseSchema, { token: tokenToProto(token), secret });
    }
    const first = await tokens.read({ tenantId, tokenId });
    if (first === undefined) throw new DomainError('UNAVAILABLE', 'the token could not be made', { retryAfterMs: 250 });
    return answerRepeat(tokenFromRow(first), hash, requestId);
  };
}

function answerRepeat(token: TokenRecord, hash: string, requestId: string): CreateTokenResponse {
  assertSameRequest(token.requestHash, hash, requestId);
  return create(CreateTokenResponseSchema, { token: tokenToProto(token) });
}

function idFrom(tenantId: string, requestId: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify(['token', tenantId, requestId]))
    .digest('base64url');
  return `tok_${digest.slice(0, 22)}`;
}

function roleOf(request: CreateTokenRequest): Role {
  const role = maybeRoleFromProto(request.role);
  if (role === undefined || role === 'root') {
    throw invalidField('role', 'must be VIEWER, DEVELOPER, OPERATOR, WORKER or ADMIN: there is one root token');
  }
  return role;
}

function expiryOf({ expiry }: CreateTokenRequest, now: number): number | undefined {
  switch (expiry.case) {
    case 'expireTime': {
      const time = timeFromTimestamp(expiry.value, 'expire_time');
      if (time <= now) throw invalidField('expire_time', 'must be in the future');
      return time;
    }
    case 'ttl':
      return now + msFromDuration(expiry.value);
    case undefined:
      return undefined;
  }
}

/** The expiry as it was asked for: a repeat of `ttl` comes later and means the same. */
function describeExpiry({ expiry }: CreateTokenRequest): readonly unknown[] {
  return expiry.case === undefined ? [] : [expiry.value.seconds, expiry.value.nanos];
}

/** Counted anew each time: tokens are made seldom, and those that have expired make room by themselves. */
async function assertRoom(
  tokens: Pick<TokenTable, 'list'>,
  tenantId: string,
  maximum: bigint,
  now: number,
): Promise<void> {
  let valid = 0n;
  let next: string | undefined;
  do {
    const page = await tokens.list(tenantId, {
      limit: COUNTED_PER_PAGE,
      ...(next === undefined ? {} : { token: next }),
    });
    for (const row of page.rows) if (isValidAt(tokenFromRow(row), now)) valid += 1n;
    if (valid >= maximum) throw quotaExceeded('max_tokens', maximum);
    next = page.nextToken;
  } while (next !== undefined);
}
