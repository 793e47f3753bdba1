import type { ConfigEntry } from '#libs/config/config-table.ts';
import { ValueFault, type ValueType } from '#libs/config/value-type.ts';

/** What carries notifications. */
export interface BusSetting {
  readonly kind: 'local';
}

const NOT_BUILT: readonly string[] = ['nats', 'tls', 'ws', 'wss'];

/** A bus: `local`. What is refused is named by its scheme alone, because the rest may be a secret. */
function busSetting(): ValueType<BusSetting> {
  return {
    placeholder: 'uri',
    rule: 'local',
    parse(raw) {
      const [, scheme = ''] = /^([a-z][a-z0-9+.-]*):/i.exec(raw) ?? [];
      if (NOT_BUILT.includes(scheme.toLowerCase())) {
        throw new ValueFault(`the bus ${scheme.toLowerCase()}: is not built yet, use local`);
      }
      if (raw !== 'local') {
        throw new ValueFault(`${scheme === '' ? 'is no bus' : `the bus ${scheme}: is unknown`}, use local`);
      }
      return { kind: 'local' };
    },
    format: ({ kind }) => kind,
  };
}

/** The setting of a service's bus. */
export const BUS_ENTRY: ConfigEntry<BusSetting> = {
  env: 'MILLRACE_BUS',
  type: busSetting(),
  default: { kind: 'local' },
  doc: 'what carries notifications; local reaches this process only',
};
