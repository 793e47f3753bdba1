import { peerAddress } from '#libs/config/address-types.ts';
import type { ConfigDefinition } from '#libs/config/config-table.ts';
import { type ConfigReading, parseConfig } from '#libs/config/parse-config.ts';
import { BUS_ENTRY, type BusSetting } from '#libs/service/bus-setting.ts';
import { COMMON_TABLE, type CommonConfig, checkCommon } from '#libs/service/common-config.ts';
import { checkListen, type ListenConfig, listenEntry } from '#libs/service/listen-config.ts';
import { hasTokens, TOKEN_CHECK_TABLE, type TokenCheckConfig } from '#libs/service/token-settings.ts';
import { VERSION } from '#libs/service/version.ts';

/** The settings of the worker service. */
export interface WorkerConfig extends CommonConfig, ListenConfig, TokenCheckConfig {
  readonly registryAddress: string;
  readonly bus: BusSetting;
}

/** What the worker service is. */
export const WORKER_SUMMARY = 'loads active packages and runs their code';

/** How the settings of the worker service are read. */
export const WORKER_CONFIG: ConfigDefinition<WorkerConfig> = {
  program: 'millrace-worker',
  summary: WORKER_SUMMARY,
  version: VERSION,
  prefix: 'WORKER_',
  table: {
    grpcListen: listenEntry('worker', 'grpc'),
    httpListen: listenEntry('worker', 'http'),
    ...TOKEN_CHECK_TABLE,
    registryAddress: {
      env: 'MILLRACE_REGISTRY_ADDRESS',
      type: peerAddress(),
      default: '127.0.0.1:7410',
      doc: 'where the registry service serves gRPC',
    },
    bus: BUS_ENTRY,
    ...COMMON_TABLE,
  },
  check: (config) => [...checkListen([{ service: 'worker', config }], hasTokens(config)), ...checkCommon(config)],
};

/**
 * Reads the settings of the worker service from the environment and the arguments.
 *
 * @throws ConfigError that names everything that is wrong.
 */
export function readWorkerConfig(argv: readonly string[]): ConfigReading<WorkerConfig> {
  return parseConfig(WORKER_CONFIG, process.env, argv);
}
