import { peerAddress } from '#libs/config/address-types.ts';
import type { ConfigEntry, ConfigTable } from '#libs/config/config-table.ts';
import type { ValueType } from '#libs/config/value-type.ts';

/** What a service that keeps no tokens of its own asks another about them with. */
export interface TokenCheckConfig {
  /** Where the state service serves gRPC, which knows the tokens. */
  readonly stateAddress: string;
  /** The token that this service speaks for itself with. */
  readonly token: string | undefined;
}

/** Shorter ones could be guessed; those that `millrace token create` makes have 47 characters. */
const MIN_CHARACTERS = 32;
const MAX_CHARACTERS = 512;
const SECRET = new RegExp(`^[!-~]{${MIN_CHARACTERS},${MAX_CHARACTERS}}$`);

/** The setting of the root token. */
export const ROOT_TOKEN_ENTRY: ConfigEntry<string | undefined> = {
  env: 'MILLRACE_ROOT_TOKEN',
  type: secretText(),
  default: undefined,
  doc: 'the token of the one administrator of all tenants, the same on every service; with it every call needs a token',
  isSecret: true,
};

/** How the settings of a service that asks another about tokens are read. */
export const TOKEN_CHECK_TABLE: ConfigTable<TokenCheckConfig> = {
  stateAddress: {
    env: 'MILLRACE_STATE_ADDRESS',
    type: peerAddress(),
    default: '127.0.0.1:7400',
    doc: 'where the state service serves gRPC, which also knows the tokens',
  },
  token: {
    env: 'MILLRACE_TOKEN',
    type: secretText(),
    default: undefined,
    doc: 'the token that this service asks with where it has no root token; with it every call needs a token of its tenant',
    isSecret: true,
  },
};

/** Whether calls need tokens, so that others than this machine may be served. */
export function hasTokens(config: {
  readonly rootToken: string | undefined;
  readonly token?: string | undefined;
}): boolean {
  return config.rootToken !== undefined || config.token !== undefined;
}

function secretText(): ValueType<string> {
  return {
    placeholder: 'token',
    rule: `a secret of ${MIN_CHARACTERS} to ${MAX_CHARACTERS} visible characters without blanks`,
    parse: (raw) => (SECRET.test(raw) ? raw : undefined),
    format: () => 'secret',
  };
}
