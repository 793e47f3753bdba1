import type { ConfigEntry } from './config-table.ts';

/** How the default of a setting is shown; secrets never are. */
export function describeDefault(entry: ConfigEntry<unknown>): string {
  if (entry.default === undefined || entry.default === null) {
    return 'none';
  }
  if (entry.isSecret === true) {
    return 'secret';
  }
  return entry.type.format(entry.default) || 'none';
}
