import { DomainError } from '#libs/errors/domain-error.ts';
import type { ActivationRow, ActivationTable } from '#libs/store/tables/activations.ts';
import { packRow, parseRow } from './packed-row.ts';

/** Rows of one read of a workflow's activations. */
const PAGE_ROWS = 200;
/** How often a number is tried for: somebody else was first each time. */
const MAX_ATTEMPTS = 20;

/** An activation: its workflow's newest one names the active version. */
interface Activation {
  readonly version: string;
  /** Name of the package that it came with; empty for none. */
  readonly packageName: string;
}

/** When the versions of a workflow became active. */
export interface ActivationHistory {
  /** Absent: none is. */
  readonly activeVersion: string | undefined;
  /** When each version last became active; absent for one that never was. */
  readonly lastTimes: ReadonlyMap<string, number>;
}

/** The version of a workflow that a start without one takes; absent where none is active. */
export async function readActiveVersion(
  activations: ActivationTable,
  tenantId: string,
  workflow: string,
): Promise<string | undefined> {
  const newest = await activations.newest(tenantId, workflow);
  return newest === undefined ? undefined : parseActivation(newest).version;
}

/** Reads when the versions of a workflow became active. */
export async function readActivationHistory(
  activations: ActivationTable,
  tenantId: string,
  workflow: string,
): Promise<ActivationHistory> {
  const lastTimes = new Map<string, number>();
  let token: string | undefined;
  do {
    const page = await activations.list(tenantId, workflow, {
      limit: PAGE_ROWS,
      ...(token === undefined ? {} : { token }),
    });
    for (const row of page.rows) {
      const { version } = parseActivation(row);
      // Newest first: what comes later is older.
      lastTimes.set(version, lastTimes.get(version) ?? row.createTime);
    }
    token = page.nextToken;
  } while (token !== undefined);
  const [activeVersion] = lastTimes.keys();
  return { activeVersion, lastTimes };
}

/**
 * Makes a version the active one of its workflow, unless it is or a package decides which one is. Safe to repeat, and
 * several at once each have their turn.
 *
 * @throws UNAVAILABLE when others were first again and again.
 */
export async function activateUnpackaged(
  activations: ActivationTable,
  key: { readonly tenantId: string; readonly workflow: string; readonly version: string },
  nowMs: number,
): Promise<void> {
  const { tenantId, workflow, version } = key;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const newest = await activations.newest(tenantId, workflow);
    const active = newest === undefined ? undefined : parseActivation(newest);
    if (active?.version === version || (active !== undefined && active.packageName !== '')) {
      return;
    }
    const row: ActivationRow = {
      tenantId,
      name: workflow,
      number: (newest?.number ?? 0) + 1,
      createTime: nowMs,
      body: packRow({ version, packageName: '' }),
    };
    if (await activations.insert(row)) {
      return;
    }
  }
  throw new DomainError('UNAVAILABLE', 'other versions of the workflow are being activated', { retryAfterMs: 1_000 });
}

function parseActivation({ name, number, body }: ActivationRow): Activation {
  const { fields } = parseRow(`activation ${number} of ${name}`, body);
  return { version: String(fields['version'] ?? ''), packageName: String(fields['packageName'] ?? '') };
}
