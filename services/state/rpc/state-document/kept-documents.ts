import type { Payload } from '#libs/engine/model/payload.ts';
import type { RunIdentity } from '#libs/engine/model/run.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import type { StateStore } from '#libs/store/store.ts';
import { eventsAt } from '../reads/events-at.ts';
import { EMPTY_DOCUMENT, maybeChangeDocument, type StateDocument } from './document.ts';
import { parseJson } from './json.ts';
import { readBytes } from './read-payload.ts';

// The log has the changes, and the engine where they are. The document that they come to is built when it is first asked
// for, and from then on it is in memory as long as its run.

const documents = new WeakMap<HotRun, StateDocument>();
const loading = new WeakMap<HotRun, Promise<unknown>>();

/** The document of a run as it is now, where it is in memory. */
export function maybeDocument(hot: HotRun): StateDocument | undefined {
  const version = hot.run.client?.stateVersion ?? 0;
  if (version === 0) return EMPTY_DOCUMENT;
  const kept = documents.get(hot);
  return kept?.version === version ? kept : undefined;
}

/** Keeps the document of a run, unless a newer one is there. */
export function keepDocument(hot: HotRun, document: StateDocument): void {
  if ((documents.get(hot)?.version ?? 0) < document.version) documents.set(hot, document);
}

/**
 * Brings the document of a run into memory; whoever asks meanwhile waits for the same reads.
 *
 * @throws DATA_CORRUPTION for a log that does not decode.
 */
export async function loadDocument(store: StateStore, hot: HotRun): Promise<void> {
  const isUnderWay = loading.get(hot);
  if (isUnderWay !== undefined) {
    await isUnderWay;
    return;
  }
  const load = readKeptDocument(store, hot, hot.run.client?.statePlaces ?? []);
  loading.set(hot, load);
  try {
    await load;
  } finally {
    loading.delete(hot);
  }
}

/**
 * As `readDocument`, for changes of which the last was the newest a moment ago: what comes of them is kept.
 *
 * @throws DATA_CORRUPTION as `readDocument`.
 */
export async function readKeptDocument(
  store: StateStore,
  hot: HotRun,
  places: readonly number[],
): Promise<StateDocument> {
  const document = await readDocument(store, hot, places);
  keepDocument(hot, document);
  return document;
}

/**
 * Reads the document that changes come to, by their places in the log: one that has the whole of it and those after that,
 * or all.
 *
 * @throws DATA_CORRUPTION for a log that does not decode, or has something else there.
 */
export async function readDocument(store: StateStore, hot: HotRun, places: readonly number[]): Promise<StateDocument> {
  const events = await eventsAt(store.tables, hot, places);
  let document = EMPTY_DOCUMENT;
  for (const place of places) {
    const event = events.get(place);
    if (event?.kind !== 'systemRecord' || event.record.kind !== 'statePatched') throw corrupt(hot.identity);
    const { change, key, value, stateVersion } = event.record;
    const text = await readText(store, hot.identity, value);
    try {
      const changed = maybeChangeDocument(document, { change, key, value: parseJson(text), text });
      if (changed === undefined) throw corrupt(hot.identity);
      document = { ...changed.document, version: stateVersion };
    } catch (error) {
      if (error instanceof SyntaxError) throw corrupt(hot.identity, error);
      throw error;
    }
  }
  return document;
}

async function readText(store: StateStore, identity: RunIdentity, payload: Payload | undefined): Promise<string> {
  const { data, ref } = payload ?? {};
  if (data !== undefined) return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();
  if (ref === undefined) return 'null';
  const { tenantId, runId, incarnation } = identity;
  const wanted = { tenantId, runId, incarnation, sha256: Buffer.from(ref.sha256).toString('hex'), uploadId: '' };
  const bytes = await readBytes(store, wanted, new AbortController().signal, () => corrupt(identity));
  return Buffer.from(bytes).toString();
}

function corrupt({ runId }: RunIdentity, cause?: unknown): DomainError {
  return new DomainError('DATA_CORRUPTION', `the state document of run ${runId} cannot be read`, {
    metadata: { run_id: runId },
    ...(cause === undefined ? {} : { cause }),
  });
}
