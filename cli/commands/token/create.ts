import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Role } from '#gen/millrace/common/v1/options_pb.ts';
import { TokenSchema } from '#gen/millrace/state/v1/token_pb.ts';
import { TokenService } from '#gen/millrace/state/v1/token_service_pb.ts';
import { durationMs } from '#libs/config/number-types.ts';
import { choice, text } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { answered } from '../calls/answered.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { CLI_EXIT_CODES } from '../exit-codes.ts';
import { messageJson } from '../json/message-json.ts';
import { REQUEST_ID_OPTION } from '../run/run-options.ts';
import { MAX_DURATION_MS } from '../value-types.ts';

const ROLES = {
  viewer: Role.VIEWER,
  developer: Role.DEVELOPER,
  operator: Role.OPERATOR,
  worker: Role.WORKER,
  admin: Role.ADMIN,
} as const;

/** `millrace token create`: makes a token and prints its secret, this once. */
export const CREATE_TOKEN_COMMAND: Command = defineCommand({
  name: 'token create',
  summary: 'make a token and print its secret, which is shown this once',
  notes:
    'Only the secret goes to standard output: MILLRACE_TOKEN=$(millrace token create ci --role developer).\n' +
    'A repeat with the same --request-id has no secret to print, and exits with 1.',
  args: { name: { type: text(), doc: 'its name, for people and the audit log', isRequired: true } },
  options: {
    role: {
      type: choice('viewer', 'developer', 'operator', 'worker', 'admin'),
      doc: 'what it may do',
      isRequired: true,
    },
    ttl: {
      type: durationMs({ minMs: 1_000, maxMs: MAX_DURATION_MS }),
      doc: 'how long it is valid, by default until it is revoked',
    },
    ...REQUEST_ID_OPTION,
    ...STATE_OPTIONS,
  },
  async run(values, context) {
    const { name, role, ttl, requestId = '' } = values;
    await using state = await openState(values, context);
    const expiry = ttl === undefined ? {} : { expiry: { case: 'ttl', value: durationFromMs(ttl) } as const };
    const answer = await createClient(TokenService, state.channel).createToken(
      { tenantId: state.tenantId, name, role: ROLES[role], requestId, ...expiry },
      { signal: context.signal },
    );
    const token = answered(answer.token, 'the token');
    const { secret } = answer;
    const what = `${token.tokenId} is the ${role} ${name} of tenant ${token.tenantId}`;
    context.terminal.note(secret === '' ? `${what}: it was made before, and its secret shown then` : what);
    return {
      json: { token: messageJson(TokenSchema, token), secret },
      text: secret,
      exitCode: secret === '' ? CLI_EXIT_CODES.failed : CLI_EXIT_CODES.done,
    };
  },
});
