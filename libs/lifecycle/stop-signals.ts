import { EXIT_CODES } from './exit-codes.ts';
import type { StopSignal } from './process-host.ts';

/**
 * Signals that follow the first within this time are the same key press: a terminal signals the whole process group,
 * and npm hands its own copy on.
 */
const SAME_SIGNAL_MS = 500;

/** What a signal means for the program. */
export type SignalVerdict =
  | { readonly kind: 'drain' }
  | { readonly kind: 'ignore' }
  | { readonly kind: 'exit'; readonly code: number };

/**
 * Tells what each signal means. States: quiet → draining. The first signal starts the drain; what comes within
 * `SAME_SIGNAL_MS` of it is ignored; whatever comes later ends the program at once.
 */
export function createSignalJudge(): (signal: StopSignal, nowMs: number) => SignalVerdict {
  let firstMs: number | undefined;
  return (signal, nowMs) => {
    if (firstMs === undefined) {
      firstMs = nowMs;
      return { kind: 'drain' };
    }
    if (nowMs - firstMs < SAME_SIGNAL_MS) {
      return { kind: 'ignore' };
    }
    return { kind: 'exit', code: signal === 'SIGINT' ? EXIT_CODES.interrupted : EXIT_CODES.terminated };
  };
}
