import { peerAddress } from '#libs/config/address-types.ts';
import type { ConfigDefinition } from '#libs/config/config-table.ts';
import { type ConfigReading, parseConfig } from '#libs/config/parse-config.ts';
import { BUS_ENTRY, type BusSetting } from '#libs/service/bus-setting.ts';
import { COMMON_TABLE, type CommonConfig, checkCommon } from '#libs/service/common-config.ts';
import { checkListen, type ListenConfig, listenEntry } from '#libs/service/listen-config.ts';
import { storeEntry } from '#libs/service/store-setting.ts';
import { hasTokens } from '#libs/service/token-settings.ts';
import { VERSION } from '#libs/service/version.ts';
import type { StoreLocation } from '#libs/store/opening/uri.ts';

/** The settings of the state service. */
export interface StateConfig extends CommonConfig, ListenConfig {
  readonly store: StoreLocation;
  readonly bus: BusSetting;
  /** Where other nodes reach the gRPC door. Absent: where it listens. */
  readonly advertise: string | undefined;
}

/** What the state service is. */
export const STATE_SUMMARY = 'keeps runs and definitions, and hands work to workers';

/** How the settings of the state service are read. */
export const STATE_CONFIG: ConfigDefinition<StateConfig> = {
  program: 'millrace-state',
  summary: STATE_SUMMARY,
  version: VERSION,
  prefix: 'STATE_',
  table: {
    grpcListen: listenEntry('state', 'grpc'),
    httpListen: listenEntry('state', 'http'),
    store: storeEntry(
      './.millrace/state',
      'where runs and definitions are kept; without a database it is millrace_state',
    ),
    bus: BUS_ENTRY,
    advertise: {
      env: 'MILLRACE_STATE_ADVERTISE',
      type: peerAddress(),
      default: undefined,
      doc: 'where other nodes on the same store reach this one by gRPC; where it listens if nothing is said',
    },
    ...COMMON_TABLE,
  },
  check: (config) => [...checkListen([{ service: 'state', config }], hasTokens(config)), ...checkCommon(config)],
};

/**
 * Reads the settings of the state service from the environment and the arguments.
 *
 * @throws ConfigError that names everything that is wrong.
 */
export function readStateConfig(argv: readonly string[]): ConfigReading<StateConfig> {
  return parseConfig(STATE_CONFIG, process.env, argv);
}
