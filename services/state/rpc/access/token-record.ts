import { create } from '@bufbuild/protobuf';
import { type Token, TokenSchema } from '#gen/millrace/state/v1/token_pb.ts';
import type { KnownToken } from '#libs/auth/known-token.ts';
import type { Role } from '#libs/auth/roles.ts';
import type { TokenRow } from '#libs/store/tables/tokens.ts';
import { type PackedFields, packRow, parseRow } from '../definitions/packed-row.ts';
import { roleToProto } from '../wire/role.ts';
import { maybeTimestampFromTime } from '../wire/timestamp.ts';

/** A token as it is stored: the secret is nowhere in it, only its hash. Times are milliseconds since 1970. */
export interface TokenRecord extends KnownToken {
  readonly tenantId: string;
  readonly revision: number;
  /** SHA-256 of the secret in hex. */
  readonly secretHash: string;
  readonly createTime: number;
  readonly lastUseTime: number | undefined;
  /** Of the request that made it. Empty: it had no id. */
  readonly requestHash: string;
}

/** A token's row. The revision of one that is not stored yet is not looked at. */
export function rowFromToken(token: TokenRecord): TokenRow {
  const { tenantId, tokenId, secretHash, createTime, revision } = token;
  const { name, role, expireTime, revokeTime, lastUseTime, requestHash } = token;
  const fields: PackedFields = { name, role, expireTime, revokeTime, lastUseTime, requestHash };
  return { tenantId, tokenId, secretHash, createTime, revision, body: packRow(fields) };
}

/**
 * Reads a token's row.
 *
 * @throws DATA_CORRUPTION.
 */
export function tokenFromRow({ body, ...row }: TokenRow): TokenRecord {
  const { fields } = parseRow('token', body);
  return {
    ...row,
    name: String(fields['name']),
    role: fields['role'] as Role,
    expireTime: maybeTime(fields['expireTime']),
    revokeTime: maybeTime(fields['revokeTime']),
    lastUseTime: maybeTime(fields['lastUseTime']),
    requestHash: String(fields['requestHash']),
  };
}

/** A token as callers see it. */
export function tokenToProto(token: TokenRecord): Token {
  const { tokenId, name, role, tenantId, createTime, expireTime, lastUseTime, revokeTime } = token;
  return create(TokenSchema, {
    tokenId,
    name,
    role: roleToProto(role),
    tenantId,
    ...times({ createTime, expireTime, lastUseTime, revokeTime }),
  });
}

function times(given: Readonly<Record<string, number | undefined>>): Partial<Token> {
  const said = Object.entries(given).filter(([, time]) => time !== undefined);
  return Object.fromEntries(said.map(([name, time]) => [name, maybeTimestampFromTime(time)])) as Partial<Token>;
}

function maybeTime(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
