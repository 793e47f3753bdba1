import { timestampMs } from '@bufbuild/protobuf/wkt';
import { RoleSchema } from '#gen/millrace/common/v1/options_pb.ts';
import { type Token, TokenSchema } from '#gen/millrace/state/v1/token_pb.ts';
import { TokenService } from '#gen/millrace/state/v1/token_service_pb.ts';
import { boolean } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { listPages, PAGE_OPTIONS, pageLimit } from '../calls/list-pages.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { enumName, messageJson } from '../json/message-json.ts';
import { type Row, renderTable } from '../text/table.ts';
import { describeAge } from '../text/times.ts';

const TITLES: Row = ['TOKEN', 'NAME', 'ROLE', 'STATE', 'MADE', 'LAST USED'];

/** `millrace token list`: shows the tokens of a tenant, without their secrets. */
export const LIST_TOKENS_COMMAND: Command = defineCommand({
  name: 'token list',
  summary: 'list the tokens of a tenant, the newest first, without their secrets',
  options: {
    invalid: { type: boolean(), doc: 'also those that are revoked or have expired' },
    ...PAGE_OPTIONS,
    ...STATE_OPTIONS,
  },
  check: ({ limit, all }) => (limit !== undefined && all === true ? ['--limit, --all: only one of them'] : []),
  async run(values, context) {
    await using state = await openState(values, context);
    const { tenantId, channel } = state;
    const tokens = createClient(TokenService, channel);
    const includeInvalid = values.invalid === true;
    const { items, more } = await listPages<Token>(pageLimit(values), async (pageSize, pageToken) => {
      const request = { tenantId, pageSize, pageToken, includeInvalid };
      const page = await tokens.listTokens(request, { signal: context.signal });
      return { items: page.tokens, nextPageToken: page.nextPageToken };
    });
    if (items.length === 0) {
      context.terminal.note('no tokens');
    }
    const nowMs = context.wallMs();
    const rows = items.map((token) => rowOf(token, nowMs));
    context.out.print({
      json: { tokens: items.map((token) => messageJson(TokenSchema, token)), more },
      text: items.length === 0 ? '' : renderTable(TITLES, rows),
    });
    if (more) {
      context.terminal.note('there are more: --limit N or --all shows them');
    }
    return {};
  },
});

function rowOf(token: Token, nowMs: number): Row {
  const { tokenId, name, role, createTime, lastUseTime } = token;
  const age = (time: Token['createTime']): string => (time === undefined ? '' : describeAge(timestampMs(time), nowMs));
  return [
    tokenId,
    name,
    enumName(RoleSchema, role).toLowerCase(),
    stateOf(token, nowMs),
    age(createTime),
    age(lastUseTime),
  ];
}

/** Whether a token is good, and until when. */
export function stateOf({ revokeTime, expireTime }: Token, nowMs: number): string {
  if (revokeTime !== undefined) {
    return `revoked ${describeAge(timestampMs(revokeTime), nowMs)}`;
  }
  if (expireTime === undefined) {
    return 'valid';
  }
  const ms = timestampMs(expireTime);
  return ms <= nowMs ? `expired ${describeAge(ms, nowMs)}` : `expires ${describeAge(ms, nowMs)}`;
}
