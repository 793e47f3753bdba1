import type { RunKey } from '#libs/store/tables/keys.ts';

/** A run's key as one text, for maps. The length keeps `a` + `bc` apart from `ab` + `c`. */
export function runIdKey({ tenantId, runId }: RunKey): string {
  return `${tenantId.length}:${tenantId}${runId}`;
}
