import { webOrigin } from '#libs/config/address-types.ts';
import type { ConfigTable } from '#libs/config/config-table.ts';
import { durationMs } from '#libs/config/number-types.ts';
import { choice, filePath, list } from '#libs/config/text-types.ts';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from '#libs/logger/log-options.ts';
import { DEFAULT_RPC_LIMITS } from '#libs/rpc/server-options.ts';
import { ROOT_TOKEN_ENTRY } from './token-settings.ts';

/** The settings that every service has. */
export interface CommonConfig {
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly graceMs: number;
  readonly defaultDeadlineMs: number;
  readonly maxDeadlineMs: number;
  readonly streamPingMs: number;
  readonly streamMaxAgeMs: number;
  readonly corsOrigins: readonly string[];
  readonly tlsCertFile: string | undefined;
  readonly tlsKeyFile: string | undefined;
  readonly tlsClientCaFile: string | undefined;
  readonly rootToken: string | undefined;
}

/** Supervisors give 30 s by default before they kill; this leaves them a margin. */
const DEFAULT_GRACE_MS = 25_000;

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** How the common settings are read. */
export const COMMON_TABLE: ConfigTable<CommonConfig> = {
  logLevel: {
    env: 'MILLRACE_LOG_LEVEL',
    type: choice(...LOG_LEVELS),
    default: 'info',
    doc: 'how much is logged',
  },
  logFormat: {
    env: 'MILLRACE_LOG_FORMAT',
    type: choice(...LOG_FORMATS),
    default: 'auto',
    doc: 'how log lines look: json for programs, pretty for people, auto is pretty on a terminal and json elsewhere',
  },
  graceMs: {
    env: 'MILLRACE_GRACE_PERIOD',
    type: durationMs({ minMs: 2 * SECOND_MS, maxMs: 10 * MINUTE_MS }),
    default: DEFAULT_GRACE_MS,
    doc: 'how long draining may take after SIGTERM or Ctrl-C, before the process is ended by force',
  },
  defaultDeadlineMs: {
    env: 'MILLRACE_DEFAULT_DEADLINE',
    type: durationMs({ minMs: SECOND_MS, maxMs: 10 * MINUTE_MS }),
    default: DEFAULT_RPC_LIMITS.defaultDeadlineMs,
    doc: 'the deadline of a unary call that names none',
  },
  maxDeadlineMs: {
    env: 'MILLRACE_MAX_DEADLINE',
    type: durationMs({ minMs: SECOND_MS, maxMs: 10 * MINUTE_MS }),
    default: DEFAULT_RPC_LIMITS.maxDeadlineMs,
    doc: 'the longest deadline of a unary call; a longer one is cut to it',
  },
  streamPingMs: {
    env: 'MILLRACE_STREAM_PING_INTERVAL',
    type: durationMs({ minMs: SECOND_MS, maxMs: 5 * MINUTE_MS }),
    default: DEFAULT_RPC_LIMITS.streamPingMs,
    doc: 'how long a stream may say nothing before a ping keeps it alive',
  },
  streamMaxAgeMs: {
    env: 'MILLRACE_STREAM_MAX_AGE',
    type: durationMs({ minMs: SECOND_MS, maxMs: DAY_MS }),
    default: DEFAULT_RPC_LIMITS.streamMaxAgeMs,
    doc: 'the age, ± 20 % at random, at which a stream is told to come back on a new one',
  },
  corsOrigins: {
    env: 'MILLRACE_CORS_ORIGINS',
    type: list(webOrigin()),
    default: [],
    doc: 'the origins that browsers may call from; * for all',
  },
  tlsCertFile: {
    env: 'MILLRACE_TLS_CERT_FILE',
    type: filePath(),
    default: undefined,
    doc: 'the certificate chain in PEM; with it both doors speak TLS only',
  },
  tlsKeyFile: {
    env: 'MILLRACE_TLS_KEY_FILE',
    type: filePath(),
    default: undefined,
    doc: 'the private key of the certificate in PEM',
  },
  tlsClientCaFile: {
    env: 'MILLRACE_TLS_CLIENT_CA_FILE',
    type: filePath(),
    default: undefined,
    doc: 'the authorities in PEM that client certificates must come from; with it clients need a certificate',
  },
  rootToken: ROOT_TOKEN_ENTRY,
};

/** Names what contradicts itself in the common settings. */
export function checkCommon(config: CommonConfig): readonly string[] {
  const faults: string[] = [];
  if (config.defaultDeadlineMs > config.maxDeadlineMs) {
    faults.push('MILLRACE_DEFAULT_DEADLINE: must not be longer than MILLRACE_MAX_DEADLINE');
  }
  if ((config.tlsCertFile === undefined) !== (config.tlsKeyFile === undefined)) {
    faults.push('MILLRACE_TLS_CERT_FILE and MILLRACE_TLS_KEY_FILE: one needs the other');
  }
  if (config.tlsClientCaFile !== undefined && config.tlsCertFile === undefined) {
    faults.push('MILLRACE_TLS_CLIENT_CA_FILE: needs MILLRACE_TLS_CERT_FILE and MILLRACE_TLS_KEY_FILE');
  }
  return faults;
}
