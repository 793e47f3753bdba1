import { PassingMap } from '#libs/collections/passing-map.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import { runIdKey } from './run-id-key.ts';

/** How many commands wait for one run to be loaded; a load takes milliseconds, so that more is a flood. */
const MAX_WAITING_PER_RUN = 10_000;
/** How many runs are loaded at once: enough to fill the round trips to a store, few enough not to bury it. */
const MAX_LOADS = 64;

/** What mailboxes of runs of type `R` need of the world. `V` is what is to be done with a run in a visit. */
export interface MailboxOptions<R, V> {
  /**
   * Does it: at once when the run is in memory, else when it is loaded. No run: there is none under the id. It must not
   * throw.
   */
  readonly onRun: (key: RunKey, run: R | undefined, visit: V) => void;
  /** The run could not be loaded, or its partition was lost meanwhile: nothing was done. */
  readonly onFailure: (visit: V, error: unknown) => void;
  /** Reads a run that is not in memory. */
  readonly load: (key: RunKey, signal: AbortSignal) => Promise<R | undefined>;
  /** Whether a run that is not in memory may be in the tables. By default each may. False: it is there nowhere. */
  readonly mayExist?: (id: string) => boolean;
  /** How many runs are loaded at once. 64 by default. */
  readonly maxLoads?: number;
  /** How many visits wait for one run. 10 000 by default. */
  readonly maxWaitingPerRun?: number;
}

/** The runs of a partition that are in memory, and the visits to those that are on their way there. */
export interface Mailboxes<R, V> {
  /** How many runs are in memory. */
  readonly size: number;
  /** Whether any run is being loaded. */
  readonly isLoading: boolean;
  /**
   * Visits a run: now when it is in memory, so that nothing else happens in between; else after it is loaded, in the
   * order of the visits to it. A run that is being loaded holds up no other.
   */
  visit(key: RunKey, visit: V): void;
  /** The run with an id, as `runIdKey` makes it, if it is in memory. */
  peek(id: string): R | undefined;
  /** Puts a run into memory: a fresh one, or one that replaces what was there. Only inside a visit to it. */
  put(id: string, run: R): void;
  /** Takes a run out of memory. The next visit loads it, so that its rows must be up to date. [journal.md 17] */
  evict(id: string): void;
  /** The runs in memory. */
  runs(): IterableIterator<R>;
  /** Forgets everything; visits that wait fail. Nothing can be visited any more. */
  close(error: unknown): void;
}

interface Loading<V> {
  readonly key: RunKey;
  readonly visits: V[];
}

/**
 * Makes the mailboxes of a partition. A run is absent, loading or in memory. Absent → loading at the first visit; loading
 * → in memory, or absent again when there is none and no visit put one there; in memory → absent by `evict`.
 */
export function createMailboxes<R, V>(options: MailboxOptions<R, V>): Mailboxes<R, V> {
  const { load, onRun, onFailure, mayExist, maxLoads = MAX_LOADS, maxWaitingPerRun = MAX_WAITING_PER_RUN } = options;
  const resident = new PassingMap<string, R>();
  const loading = new Map<string, Loading<V>>();
  const queued: string[] = [];
  const closed = new AbortController();
  let loads = 0;

  function startLoads(): void {
    while (loads < maxLoads) {
      const id = queued.shift();
      if (id === undefined) return;
      const waiting = loading.get(id);
      if (waiting === undefined) continue;
      loads += 1;
      void loadOne(id, waiting);
    }
  }

  async function loadOne(id: string, waiting: Loading<V>): Promise<void> {
    let failure: { readonly error: unknown } | undefined;
    let run: R | undefined;
    try {
      run = await load(waiting.key, closed.signal);
    } catch (error) {
      failure = { error };
    }
    loads -= 1;
    startLoads();
    if (closed.signal.aborted) return;
    if (failure === undefined && run !== undefined) resident.set(id, run);
    // A visit may lead to another one of the same run, which is added behind those that came before it.
    for (let next = waiting.visits.shift(); next !== undefined; next = waiting.visits.shift()) {
      if (failure === undefined) onRun(waiting.key, resident.get(id), next);
      else onFailure(next, failure.error);
    }
    loading.delete(id);
  }

  return {
    get size() {
      return resident.size;
    },
    get isLoading() {
      return loading.size > 0;
    },
    visit: (key, visit) => {
      if (closed.signal.aborted) {
        onFailure(visit, closed.signal.reason);
        return;
      }
      const id = runIdKey(key);
      const waiting = loading.size === 0 ? undefined : loading.get(id);
      const run = waiting === undefined ? resident.get(id) : undefined;
      if (run !== undefined) {
        onRun(key, run, visit);
      } else if (waiting === undefined && mayExist !== undefined && !mayExist(id)) {
        onRun(key, undefined, visit);
      } else if (waiting === undefined) {
        loading.set(id, { key, visits: [visit] });
        queued.push(id);
        startLoads();
      } else if (waiting.visits.length < maxWaitingPerRun) {
        waiting.visits.push(visit);
      } else {
        onFailure(visit, tooManyWaiting(key, maxWaitingPerRun));
      }
    },
    peek: (id) => resident.get(id),
    put: (id, run) => {
      resident.set(id, run);
    },
    evict: (id) => {
      resident.delete(id);
    },
    runs: () => resident.values(),
    close: (error) => {
      if (closed.signal.aborted) return;
      closed.abort(error);
      // Taken out of the mailboxes themselves, because one of them may be in the middle of its visits.
      const waiting = Array.from(loading.values(), ({ visits }) => visits.splice(0)).flat();
      loading.clear();
      queued.length = 0;
      resident.clear();
      for (const visit of waiting) onFailure(visit, error);
    },
  };
}

function tooManyWaiting({ runId }: RunKey, limit: number): DomainError {
  return new DomainError('OVERLOADED', `more than ${limit} calls wait for run ${runId} to be loaded`, {
    metadata: { limit: String(limit) },
  });
}
