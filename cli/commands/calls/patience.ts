import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { CommandContext } from '../command.ts';
import type { Terminal } from '../terminal.ts';

/** How long a service that has answered before may be away: a restart, a take-over, a network that comes back. */
const AWAY_MS = 60_000;
const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 5_000;

/** Decides whether a call that waits or watches is made again after a failure. */
export interface Patience {
  /** The service has answered: what comes is counted anew. */
  heard(): void;
  /**
   * Waits before the next try, longer each time.
   *
   * @throws the error itself when no try is worth it: it is of another kind than `unavailable` or `deadline`, the
   * service never answered, it has been away for a minute, or `untilMs` is over; the signal's reason on an abort.
   */
  pause(error: unknown): Promise<void>;
}

/** What patience needs: the clock, whether somebody wants to go on, and the line that tells people of it. */
export interface PatienceContext extends Pick<CommandContext, 'nowMs' | 'signal'> {
  readonly terminal: Pick<Terminal, 'progress'>;
}

/** Makes patience for the calls of one command. `untilMs` is on the clock of `nowMs`. */
export function createPatience(
  { nowMs, signal, terminal }: PatienceContext,
  untilMs: number = Number.POSITIVE_INFINITY,
): Patience {
  let heardMs: number | undefined;
  let tries = 0;
  return {
    heard() {
      heardMs = nowMs();
      tries = 0;
    },
    async pause(error) {
      signal.throwIfAborted();
      const isAway = error instanceof DomainError && (error.kind === 'unavailable' || error.kind === 'deadline');
      const now = nowMs();
      if (!isAway || heardMs === undefined || now - heardMs > AWAY_MS || now >= untilMs) {
        throw error;
      }
      terminal.progress('the service is away: trying again');
      const pauseMs = Math.max(error.retryAfterMs ?? 0, Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries));
      tries += 1;
      await sleep(Math.min(pauseMs, Math.max(0, untilMs - now)), undefined, { signal });
    },
  };
}
