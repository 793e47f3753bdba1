import { DomainError, type FieldViolation } from '#libs/errors/domain-error.ts';
import { DEFAULT_RPC_LIMITS } from '../server-options.ts';

/** How a channel knows the other side, and is known to it. */
export interface ChannelTls {
  /** PEM of the authorities that the server's certificate must come from; absent: those of the system. */
  readonly ca?: string;
  /** PEM of this side's certificate, for mutual TLS; goes with `key`. */
  readonly cert?: string;
  /** PEM of this side's private key; goes with `cert`. */
  readonly key?: string;
  /** The name that the server's certificate must carry; absent: the host of the address. */
  readonly serverName?: string;
}

/** Where a channel leads and how its connection is kept. */
export interface RpcChannelOptions {
  /** `host:port`, or `unix:path`. */
  readonly address: string;
  /** Presence makes it TLS, an empty object with the defaults. Absent: plain text. */
  readonly tls?: ChannelTls;
  /** Sent with every call as `authorization: Bearer …`. A function is asked before every call, for a token that changes. */
  readonly token?: string | (() => string);
  /** How long a connection with calls may be silent before it is pinged. At least 1 000. Default 20 000. */
  readonly keepaliveMs?: number;
  /** How long a ping may stay unanswered before the connection counts as lost. Default 10 000. */
  readonly keepaliveTimeoutMs?: number;
  /** Whether a connection without calls is pinged too. Default false: the next call finds out. */
  readonly keepaliveWhenIdle?: boolean;
  /** The first pause between two attempts to connect; it grows by 1.6, ± 20 % at random. Default 100. */
  readonly reconnectMinMs?: number;
  /** The longest pause between two attempts to connect, before the 20 %. Default 5 000. */
  readonly reconnectMaxMs?: number;
  /** The largest message either way. Default 4 MiB. */
  readonly maxMessageBytes?: number;
}

/** Channel options with nothing left open. */
export interface CompleteChannelOptions extends Required<Omit<RpcChannelOptions, 'tls' | 'token'>> {
  readonly tls: ChannelTls | undefined;
  readonly token: string | (() => string) | undefined;
}

// Less than the half minute or minute after which proxies and NATs forget what is silent.
const KEEPALIVE_MS = 20_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;
const MIN_KEEPALIVE_MS = 1_000;
// A restarted service is back within a second, and its callers retry within one.
const RECONNECT_MIN_MS = 100;
// A hand-over takes up to ten seconds; nobody should sleep through its end.
const RECONNECT_MAX_MS = 5_000;

/** @throws INVALID_FIELDS, naming every option that is out of range or contradicts another. */
export function completeChannelOptions(options: RpcChannelOptions): CompleteChannelOptions {
  const complete: CompleteChannelOptions = {
    address: options.address,
    tls: options.tls,
    token: options.token,
    keepaliveMs: options.keepaliveMs ?? KEEPALIVE_MS,
    keepaliveTimeoutMs: options.keepaliveTimeoutMs ?? KEEPALIVE_TIMEOUT_MS,
    keepaliveWhenIdle: options.keepaliveWhenIdle ?? false,
    reconnectMinMs: options.reconnectMinMs ?? RECONNECT_MIN_MS,
    reconnectMaxMs: options.reconnectMaxMs ?? RECONNECT_MAX_MS,
    maxMessageBytes: options.maxMessageBytes ?? DEFAULT_RPC_LIMITS.maxMessageBytes,
  };
  const violations = [...violationsOf(complete)];
  for (const field of Object.keys(options)) {
    if (!(field in complete)) {
      violations.push({ field, description: 'no such option' });
    }
  }
  if (violations.length > 0) {
    const text = violations.map(({ field, description }) => `${field}: ${description}`).join(', ');
    throw new DomainError('INVALID_FIELDS', `channel options: ${text}`, { violations });
  }
  return complete;
}

function* violationsOf(options: CompleteChannelOptions): Iterable<FieldViolation> {
  const { address, tls, keepaliveMs, reconnectMinMs, reconnectMaxMs } = options;
  if (address === '') {
    yield { field: 'address', description: 'must not be empty' };
  }
  if (keepaliveMs < MIN_KEEPALIVE_MS) {
    yield { field: 'keepaliveMs', description: `at least ${MIN_KEEPALIVE_MS}` };
  }
  for (const field of ['keepaliveTimeoutMs', 'reconnectMinMs', 'maxMessageBytes'] as const) {
    if (!(options[field] > 0)) {
      yield { field, description: 'must be above 0' };
    }
  }
  if (reconnectMaxMs < reconnectMinMs) {
    yield { field: 'reconnectMaxMs', description: 'must not be below reconnectMinMs' };
  }
  if (tls !== undefined && (tls.cert === undefined) !== (tls.key === undefined)) {
    yield { field: tls.cert === undefined ? 'tls.cert' : 'tls.key', description: 'tls.cert and tls.key go together' };
  }
}
