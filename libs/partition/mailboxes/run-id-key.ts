import type { RunKey } from '#libs/store/tables/keys.ts';

/** A run's key as one text, for maps. The length keeps `a` + `bc` apart from `ab` + `c`. */
export function runIdKey({ tenantId, runId }: RunKey): string {
  return `${tenantId.length}:${tenantId}${runId}`;
}

/** The run that such a text names. */
export function runKeyFrom(id: string): RunKey {
  const colon = id.indexOf(':');
  const end = colon + 1 + Number(id.slice(0, colon));
  return { tenantId: id.slice(colon + 1, end), runId: id.slice(end) };
}
