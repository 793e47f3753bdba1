import { emptyMap, emptySet } from './open-map.ts';

/** A signal that nobody has consumed yet. Its payload stays in the log. */
export interface BufferedSignal {
  /** The event that buffered it; of a CLIENT run the place of the record in the log. */
  readonly receivedSequence: number;
  readonly bytes: number;
}

/** The signals of a run that wait to be consumed, and the ids by which repeats are known. */
export interface SignalBuffer {
  /** How many were ever accepted. */
  received: number;
  /** How many are buffered. */
  count: number;
  /** How many bytes their payloads are. */
  bytes: number;
  /** First in, first out, by name. A name without signals is not here. */
  byName: ReadonlyMap<string, BufferedSignal[]>;
  /** The last `MAX_SIGNAL_IDS` ids, the oldest first. */
  ids: ReadonlySet<string>;
}

/** Nothing is buffered of so many signals that were accepted. */
export function noSignals(received: number): SignalBuffer {
  return { received, count: 0, bytes: 0, byName: emptyMap(), ids: emptySet() };
}

/** How many signal ids a run remembers. */
export const MAX_SIGNAL_IDS: number = 10_000;
/** How many signals a run buffers. */
export const MAX_BUFFERED_SIGNALS: number = 10_000;
/** How many bytes of signals a run buffers: 16 MiB. */
export const MAX_BUFFERED_BYTES: number = 16 * 1024 * 1024;
