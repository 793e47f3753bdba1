import type { Blocker } from '#gen/millrace/state/v1/blocker_pb.ts';

/** One reason why a run does not move. */
export interface Reason {
  /** The larger, the less likely it passes by itself. */
  readonly severity: number;
  readonly blocker: Blocker;
  /** It as the main part of a sentence, and what to do about it. */
  readonly words: string;
}

type Severities = Readonly<
  Record<
    | 'partitionFaulted'
    | 'partition'
    | 'quarantined'
    | 'tenant'
    | 'divergence'
    | 'deadLetter'
    | 'paused'
    | 'pendingControl'
    | 'noWorker'
    | 'silentWorker'
    | 'noFreeSlot'
    | 'client'
    | 'signal'
    | 'child'
    | 'retry'
    | 'timer'
    | 'lease'
    | 'ended',
    number
  >
>;

/**
 * How severe reasons are: first what nothing but a repair ends, then what somebody has to do something about, then what
 * another party is at, last what passes with time.
 */
export const SEVERITY: Severities = {
  partitionFaulted: 100,
  partition: 95,
  quarantined: 90,
  tenant: 80,
  divergence: 75,
  deadLetter: 72,
  paused: 70,
  pendingControl: 65,
  noWorker: 60,
  silentWorker: 55,
  noFreeSlot: 50,
  client: 45,
  signal: 40,
  child: 35,
  retry: 30,
  timer: 20,
  lease: 10,
  ended: 0,
};

/** A name as sentences have it. */
export function quoted(name: string): string {
  return JSON.stringify(name);
}

/** A moment as sentences have it. */
export function momentOf(time: number): string {
  return new Date(time).toISOString();
}

/** What of a run waits: a node or a step of it, or the run as a whole. */
export function subjectOf(path: string): string {
  return path === '' ? 'the run' : quoted(path);
}
