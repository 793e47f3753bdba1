import { TokenSchema } from '#gen/millrace/state/v1/token_pb.ts';
import { TokenService } from '#gen/millrace/state/v1/token_service_pb.ts';
import { text } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { answered } from '../calls/answered.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { REQUEST_ID_OPTION } from '../run/run-options.ts';

/** `millrace token revoke`: locks the holders of a token out. */
export const REVOKE_TOKEN_COMMAND: Command = defineCommand({
  name: 'token revoke',
  summary: 'revoke a token: within 5 s nobody accepts it, and its streams end',
  args: { token: { type: text(), doc: "the token's id, as token list shows it", isRequired: true } },
  options: {
    reason: { type: text('text'), doc: 'why, for the audit log' },
    ...REQUEST_ID_OPTION,
    ...STATE_OPTIONS,
  },
  async run(values, context) {
    const { token: tokenId, reason = '', requestId = '' } = values;
    await using state = await openState(values, context);
    const answer = await createClient(TokenService, state.channel).revokeToken(
      { tenantId: state.tenantId, tokenId, reason, requestId },
      { signal: context.signal },
    );
    const token = answered(answer.token, 'the token');
    return { json: { token: messageJson(TokenSchema, token) }, text: `revoked ${tokenId} (${token.name})` };
  },
});
