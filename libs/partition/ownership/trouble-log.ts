import type { Logger } from '#libs/logger/logger.ts';
import type { Clock } from '../timers/clock.ts';

/** Says once in a while what goes wrong again and again. */
export type TroubleLog = (what: string, error: unknown) => void;

/** How long the same trouble is not repeated in the log. */
const SILENCE_MS = 10_000;
/** Kinds of trouble that are told apart. */
const MAX_KINDS = 1_000;

/** Makes a log of trouble that is met again. `repeats` says how often it was met since it was last logged. */
export function createTroubleLog(log: Pick<Logger, 'warn'>, clock: Clock): TroubleLog {
  const known = new Map<string, { loggedMs: number; repeats: number }>();
  return (what, error) => {
    const nowMs = clock.monotonic();
    const last = known.get(what);
    if (last !== undefined && nowMs - last.loggedMs < SILENCE_MS) {
      last.repeats += 1;
      return;
    }
    log.warn({ err: error, ...(last === undefined ? {} : { repeats: last.repeats }) }, what);
    if (known.size >= MAX_KINDS) known.clear();
    known.set(what, { loggedMs: nowMs, repeats: 0 });
  };
}
