import type { ConfigDefinition } from '#libs/config/config-table.ts';
import { type ConfigReading, parseConfig } from '#libs/config/parse-config.ts';
import { BUS_ENTRY, type BusSetting } from '#libs/service/bus-setting.ts';
import { COMMON_TABLE, type CommonConfig, checkCommon } from '#libs/service/common-config.ts';
import { checkListen, type ListenConfig, listenEntry } from '#libs/service/listen-config.ts';
import { storeEntry } from '#libs/service/store-setting.ts';
import { hasTokens, TOKEN_CHECK_TABLE, type TokenCheckConfig } from '#libs/service/token-settings.ts';
import { VERSION } from '#libs/service/version.ts';
import type { StoreLocation } from '#libs/store/opening/uri.ts';

/** The settings of the registry service. */
export interface RegistryConfig extends CommonConfig, ListenConfig, TokenCheckConfig {
  readonly store: StoreLocation;
  readonly bus: BusSetting;
}

/** What the registry service is. */
export const REGISTRY_SUMMARY = 'keeps packages, who is trusted to sign them, and which versions are active';

/** How the settings of the registry service are read. */
export const REGISTRY_CONFIG: ConfigDefinition<RegistryConfig> = {
  program: 'millrace-registry',
  summary: REGISTRY_SUMMARY,
  version: VERSION,
  prefix: 'REGISTRY_',
  table: {
    grpcListen: listenEntry('registry', 'grpc'),
    httpListen: listenEntry('registry', 'http'),
    store: storeEntry('./.millrace/registry', 'where packages are kept; without a database it is millrace_registry'),
    bus: BUS_ENTRY,
    ...TOKEN_CHECK_TABLE,
    ...COMMON_TABLE,
  },
  check: (config) => [...checkListen([{ service: 'registry', config }], hasTokens(config)), ...checkCommon(config)],
};

/**
 * Reads the settings of the registry service from the environment and the arguments.
 *
 * @throws ConfigError that names everything that is wrong.
 */
export function readRegistryConfig(argv: readonly string[]): ConfigReading<RegistryConfig> {
  return parseConfig(REGISTRY_CONFIG, process.env, argv);
}
