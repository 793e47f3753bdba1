import type { Message } from '@bufbuild/protobuf';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { Outbound } from '../handler.ts';
import type { Call } from './call.ts';

/** A share of the greatest age, so that streams that opened together do not come back together. */
const AGE_SPREAD = 0.2;

/** A stream while it is open. */
export interface StreamLife {
  readonly out: Outbound<Message>;
  end(): void;
}

/**
 * Pings a stream that is silent, tells it to go away when it is old or the process drains, and cuts it when it does
 * not go.
 */
export function keepStreamAlive(call: Call, out: Outbound<Message>, ping: (() => Message) | undefined): StreamLife {
  const { limits, isDraining } = call.runtime;
  let hasSent = false;
  const pinged: Outbound<Message> = {
    send(message) {
      hasSent = true;
      return out.send(message);
    },
  };
  const timers: NodeJS.Timeout[] = [];
  if (ping !== undefined) {
    const interval = setInterval(() => {
      // A turn is half the interval, so that a stream is silent for no longer than the interval.
      if (!hasSent) {
        void out.send(ping());
      }
      hasSent = !hasSent;
    }, limits.streamPingMs / 2);
    timers.push(interval);
  }
  const ageMs = limits.streamMaxAgeMs * (1 + AGE_SPREAD * (2 * Math.random() - 1));
  timers.push(setTimeout(() => call.sendAway(), ageMs));
  timers.push(setTimeout(() => call.abort(tooOld(ageMs)), ageMs + limits.streamGraceMs));
  if (isDraining) {
    call.sendAway();
  }
  return {
    out: ping === undefined ? out : pinged,
    end: () => timers.forEach((timer) => clearTimeout(timer)),
  };
}

function tooOld(ageMs: number): DomainError {
  return new DomainError('UNAVAILABLE', `the stream is older than ${Math.round(ageMs)} ms; open a new one`, {
    retryAfterMs: 0,
  });
}
