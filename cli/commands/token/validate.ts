import { readFile } from 'node:fs/promises';
import { RoleSchema } from '#gen/millrace/common/v1/options_pb.ts';
import { TenantStatusSchema } from '#gen/millrace/state/v1/tenant_pb.ts';
import { type Token, TokenSchema } from '#gen/millrace/state/v1/token_pb.ts';
import { TokenService, type ValidateTokenResponse } from '#gen/millrace/state/v1/token_service_pb.ts';
import { filePath } from '#libs/config/text-types.ts';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, type CommandContext, defineCommand } from '../command.ts';
import { CLI_EXIT_CODES } from '../exit-codes.ts';
import { enumName, messageJson } from '../json/message-json.ts';
import { renderFields } from '../text/table.ts';
import { stateOf } from './list.ts';

/** `millrace token validate`: says what a token is. */
export const VALIDATE_TOKEN_COMMAND: Command = defineCommand({
  name: 'token validate',
  summary: 'say what a token is; it exits with 1 where it is not valid',
  notes: 'The token comes from a file or from standard input, because the arguments of a process are no secret.',
  args: { file: { type: filePath(), doc: 'a file with the secret; - is standard input', isRequired: true } },
  options: { ...STATE_OPTIONS },
  async run(values, context) {
    const secret = await readSecret(values.file, context);
    await using state = await openState(values, context);
    const answer = await createClient(TokenService, state.channel).validateToken(
      { tenantId: state.tenantId, secret },
      { signal: context.signal },
    );
    const { token } = answer;
    if (token === undefined) {
      return { json: { valid: false }, text: 'not valid', exitCode: CLI_EXIT_CODES.failed };
    }
    return {
      json: { valid: true, token: messageJson(TokenSchema, token) },
      text: describe(token, answer, context.wallMs()),
    };
  },
});

function describe(token: Token, { tenantStatus }: ValidateTokenResponse, nowMs: number): string {
  const { tokenId, name, role, tenantId } = token;
  return renderFields([
    ['Token', tokenId],
    ['Name', name],
    ['Role', enumName(RoleSchema, role).toLowerCase()],
    ['Tenant', tenantId === '' ? 'every one' : `${tenantId} (${enumName(TenantStatusSchema, tenantStatus)})`],
    ['State', stateOf(token, nowMs)],
  ]);
}

async function readSecret(file: string, context: CommandContext): Promise<string> {
  let secret: string;
  if (file === '-') {
    const chunks: Uint8Array[] = [];
    for await (const chunk of context.readInput()) chunks.push(chunk);
    secret = Buffer.concat(chunks).toString();
  } else {
    secret = await readFile(file, 'utf8').catch((error: unknown) => {
      throw new StartError(`the file ${file} cannot be read`, { cause: error });
    });
  }
  if (secret.trim() === '') {
    throw new StartError('there is no token in it');
  }
  return secret.trim();
}
