import type { ConfigDefinition } from '#libs/config/config-table.ts';
import { type ConfigReading, parseConfig } from '#libs/config/parse-config.ts';
import { BUS_ENTRY, type BusSetting } from '#libs/service/bus-setting.ts';
import { COMMON_TABLE, type CommonConfig, checkCommon } from '#libs/service/common-config.ts';
import { checkListen, type ListenConfig, listenEntry, type ServiceName } from '#libs/service/listen-config.ts';
import { storeEntry } from '#libs/service/store-setting.ts';
import { VERSION } from '#libs/service/version.ts';
import type { StoreLocation } from '#libs/store/opening/uri.ts';

/** The settings of the three services in one process. */
export interface DevConfig extends CommonConfig {
  readonly stateGrpcListen: string;
  readonly stateHttpListen: string;
  readonly registryGrpcListen: string;
  readonly registryHttpListen: string;
  readonly workerGrpcListen: string;
  readonly workerHttpListen: string;
  readonly store: StoreLocation;
  readonly bus: BusSetting;
}

/** How the settings of the three services in one process are read. */
export const DEV_CONFIG: ConfigDefinition<DevConfig> = {
  program: 'millrace-dev',
  summary: 'registry, state and worker service in one process, for one machine',
  version: VERSION,
  prefix: '',
  table: {
    stateGrpcListen: listenEntry('state', 'grpc'),
    stateHttpListen: listenEntry('state', 'http'),
    registryGrpcListen: listenEntry('registry', 'grpc'),
    registryHttpListen: listenEntry('registry', 'http'),
    workerGrpcListen: listenEntry('worker', 'grpc'),
    workerHttpListen: listenEntry('worker', 'http'),
    store: storeEntry('./.millrace', 'where data is kept: each service has its own folder in it, or its own database'),
    bus: BUS_ENTRY,
    ...COMMON_TABLE,
    // Somebody who just starts it wants to see the addresses, not the log.
    logLevel: { ...COMMON_TABLE.logLevel, default: 'warn' },
  },
  check: (config) => [
    ...checkListen(
      (['state', 'registry', 'worker'] as const).map((service) => ({ service, config: listenOf(config, service) })),
      config.rootToken !== undefined,
    ),
    ...checkCommon(config),
  ],
};

/** Where one of the services is reached. */
export function listenOf(config: DevConfig, service: ServiceName): ListenConfig {
  return { grpcListen: config[`${service}GrpcListen`], httpListen: config[`${service}HttpListen`] };
}

/**
 * Reads the settings of the three services in one process from the environment and the arguments.
 *
 * @throws ConfigError that names everything that is wrong.
 */
export function readDevConfig(argv: readonly string[]): ConfigReading<DevConfig> {
  return parseConfig(DEV_CONFIG, process.env, argv);
}
