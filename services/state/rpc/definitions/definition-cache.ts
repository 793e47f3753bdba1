import { DomainError } from '#libs/errors/domain-error.ts';
import type { StateTables } from '#libs/store/store.ts';
import { readActivationHistory } from './activations.ts';
import { definitionNotFound, recordFromRow } from './definition-row.ts';
import { type RunDefinition, runDefinitionOf } from './run-definition.ts';

/** How long a definition is believed without a look: so late a node notices what was activated or retired at another. */
const FRESH_MS = 1_000;
/** Workflows that are kept. */
const MAX_WORKFLOWS = 10_000;

/** Whether a connected worker can run a version. */
export type IsAnnounced = (tenantId: string, workflow: string, version: string) => boolean;

/** The definitions that runs are started with and served by, without a read for each. */
export interface DefinitionCache {
  /**
   * The definition of a version; without one, the newest activated version that a connected worker announces, else the
   * active one. At once while it is known.
   *
   * @throws DEFINITION_NOT_FOUND.
   */
  resolve(tenantId: string, workflow: string, version: string): RunDefinition | Promise<RunDefinition>;
  /** The definition that a run is pinned to, retired or not. */
  pinned(tenantId: string, workflow: string, version: string): RunDefinition | Promise<RunDefinition>;
  /** Something about a workflow changed here. */
  forget(tenantId: string, workflow: string): void;
}

interface Entry {
  readonly tenantId: string;
  readonly workflow: string;
  /** Activated versions, the one that was activated last first. */
  activated: readonly string[];
  readAtMs: number;
  reading: Promise<void> | undefined;
  readonly versions: Map<string, RunDefinition>;
}

/** Makes a cache over the tables. */
export function createDefinitionCache(
  tables: Pick<StateTables, 'definitions' | 'activations'>,
  nowMs: () => number,
  isAnnounced: IsAnnounced,
): DefinitionCache {
  const entries = new Map<string, Entry>();

  function entryOf(tenantId: string, workflow: string): Entry {
    const key = `${tenantId.length}:${tenantId}${workflow}`;
    const known = entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry = {
      tenantId,
      workflow,
      activated: [],
      readAtMs: -Infinity,
      reading: undefined,
      versions: new Map(),
    };
    entries.set(key, entry);
    if (entries.size > MAX_WORKFLOWS) {
      for (const oldest of entries.keys()) {
        entries.delete(oldest);
        break;
      }
    }
    return entry;
  }

  /** Reads the activations and what is known of versions again; several askers share one read. */
  function refresh(entry: Entry): Promise<void> {
    entry.reading ??= (async () => {
      const { tenantId, workflow } = entry;
      const beganMs = nowMs();
      try {
        const { lastTimes } = await readActivationHistory(tables.activations, tenantId, workflow);
        entry.activated = Array.from(lastTimes.keys());
        for (const version of Array.from(entry.versions.keys())) await readVersion(entry, version);
        entry.readAtMs = beganMs;
      } finally {
        entry.reading = undefined;
      }
    })();
    return entry.reading;
  }

  async function readVersion(entry: Entry, version: string): Promise<RunDefinition> {
    const { tenantId, workflow } = entry;
    const row = await tables.definitions.read({ tenantId, workflow, version });
    if (row === undefined) {
      entry.versions.delete(version);
      throw definitionNotFound({ workflow, version });
    }
    const definition = runDefinitionOf(recordFromRow(row));
    entry.versions.set(version, definition);
    return definition;
  }

  function chosenVersion({ tenantId, workflow, activated }: Entry): string {
    const chosen = activated.find((version) => isAnnounced(tenantId, workflow, version)) ?? activated[0];
    if (chosen === undefined) throw definitionNotFound({ workflow, version: '' });
    return chosen;
  }

  async function resolveFresh(entry: Entry, version: string): Promise<RunDefinition> {
    await refresh(entry);
    const wanted = version || chosenVersion(entry);
    return entry.versions.get(wanted) ?? (await readVersion(entry, wanted));
  }

  return {
    resolve: (tenantId, workflow, version) => {
      const entry = entryOf(tenantId, workflow);
      if (nowMs() - entry.readAtMs < FRESH_MS && entry.activated.length > 0) {
        const known = entry.versions.get(version || chosenVersion(entry));
        if (known !== undefined) return known;
      }
      return resolveFresh(entry, version);
    },
    pinned: (tenantId, workflow, version) => {
      const entry = entryOf(tenantId, workflow);
      return entry.versions.get(version) ?? readVersion(entry, version);
    },
    forget: (tenantId, workflow) => {
      entryOf(tenantId, workflow).readAtMs = -Infinity;
    },
  };
}

/**
 * Refuses a retired definition.
 *
 * @throws DEFINITION_RETIRED.
 */
export function assertNotRetired({ workflow, version, isRetired }: RunDefinition): void {
  if (isRetired) {
    throw new DomainError('DEFINITION_RETIRED', 'the version is retired', { metadata: { workflow, version } });
  }
}
