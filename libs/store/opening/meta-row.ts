import { StartError } from '#libs/lifecycle/start-error.ts';
import { SLOT_COUNT } from '../slots.ts';
import type { StoreMeta } from '../store.ts';

/** The services that have stores. */
export type ServiceKind = 'state' | 'registry';

/** The format that a new store is written in, and the newest that this program reads. */
export const STORE_FORMAT = 1;
/** The oldest format that a program must read to open what this one writes. */
const STORE_MIN_READER = 1;

/** Partitions of a new store that one process has for itself, and of one that several share. */
export const DEFAULT_PARTITIONS = { embedded: 1, shared: 16 } as const;

/** The highest era: 7 bits in a fence. [journal.md 20] */
export const MAX_ERA = 127;

/** Whether a store may be served. One that a restore was interrupted in never is. */
export type StoreState = 'ready' | 'restoring';

/** The meta row of a store: what it was made with and may be opened by. [journal.md 28] */
export interface MetaRow extends StoreMeta {
  readonly service: ServiceKind;
  /** Names the hash that slots come from. */
  readonly hash: string;
  readonly state: StoreState;
}

const SLOT_HASH = 'sha1-10';

/** The meta row of a new store. */
export function createMetaRow(service: ServiceKind, partitions: number, state: StoreState = 'ready'): MetaRow {
  return {
    service,
    format: STORE_FORMAT,
    minReader: STORE_MIN_READER,
    slots: SLOT_COUNT,
    partitions,
    hash: SLOT_HASH,
    era: 0,
    state,
  };
}

/**
 * Refuses a store that this program must not open. `store` names it in messages.
 *
 * @throws StartError for a store of another service, of a format that is too new, whose slots are of another kind, or
 * whose restore was interrupted.
 */
export function assertReadable(meta: MetaRow, service: ServiceKind, store: string): void {
  if (meta.minReader > STORE_FORMAT) {
    throw new StartError(
      `the store ${store} needs a program that reads format ${meta.minReader}, this one reads up to ${STORE_FORMAT}: start a newer release`,
    );
  }
  if (meta.service !== service) {
    throw new StartError(
      `the store ${store} belongs to the ${meta.service} service, not to the ${service} service: give each its own`,
    );
  }
  if (meta.slots !== SLOT_COUNT || meta.hash !== SLOT_HASH) {
    throw new StartError(
      `the store ${store} has ${meta.slots} slots by ${meta.hash}, this program has ${SLOT_COUNT} by ${SLOT_HASH}`,
    );
  }
  if (meta.state === 'restoring') {
    throw new StartError(`a restore into the store ${store} was interrupted: restore it again before it is opened`);
  }
}

/** The part of a meta row that an open store shows. */
export function metaFromRow({ format, minReader, slots, partitions, era }: MetaRow): StoreMeta {
  return { format, minReader, slots, partitions, era };
}

/**
 * Reads a meta row that a store keeps as JSON.
 *
 * @throws StartError when it is none, or of a format that is too new to have the fields that this program knows.
 */
export function parseMetaRow(text: string, store: string): MetaRow {
  const found: unknown = maybeJson(text);
  if (!isObject(found)) {
    throw new StartError(`the store ${store} has a meta row that cannot be read`);
  }
  if (typeof found['minReader'] === 'number' && found['minReader'] > STORE_FORMAT) {
    // Whatever else is in it, this is what the user must know.
    return { ...createMetaRow('state', 1), minReader: found['minReader'] };
  }
  const isWhole = ['format', 'minReader', 'slots', 'partitions', 'era'].every((name) =>
    Number.isSafeInteger(found[name]),
  );
  const isKnown =
    (found['service'] === 'state' || found['service'] === 'registry') &&
    (found['state'] === 'ready' || found['state'] === 'restoring');
  if (!isWhole || !isKnown || typeof found['hash'] !== 'string') {
    throw new StartError(`the store ${store} has a meta row that cannot be read`);
  }
  return found as unknown as MetaRow;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function maybeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
