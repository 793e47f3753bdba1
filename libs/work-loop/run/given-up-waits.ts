import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import type { StepId } from '#gen/millrace/state/v1/step_events_pb.ts';
import { keyOfStep } from '../values/step-key.ts';
import type { Call } from './call.ts';
import { SignalCall, TimerCall } from './wait-call.ts';

/** A wait that the server may still keep. */
interface OpenWait {
  readonly step: StepId;
  /** The event that began it. 0: it was acknowledged, not read. */
  readonly startedSequence: number;
}

/** Timers and waits for signals that a function gave up: which of them the server still keeps, as far as the log says. */
export class GivenUpWaits {
  readonly #keys = new Set<string>();
  readonly #open = new Map<string, OpenWait>();

  /** The function gives a call up, before that changes it. */
  add(call: Call): void {
    if (!(call instanceof TimerCall || call instanceof SignalCall)) return;
    this.#keys.add(call.key);
    if (call.state !== 'made') this.#open.set(call.key, { step: call.id, startedSequence: 0 });
  }

  /** Follows the log: what is read of a wait that was given up before its record came. */
  follow({ kind, sequence }: Event): void {
    if (this.#keys.size === 0) return;
    switch (kind.case) {
      case 'timerStarted':
      case 'signalWaitStarted': {
        const { step } = kind.value;
        const key = keyOfStep(step);
        if (step === undefined || key === undefined || !this.#keys.has(key)) return;
        this.#open.set(key, { step, startedSequence: Number(sequence) });
        return;
      }
      case 'timerFired':
      case 'signalWaitTimedOut':
      case 'signalConsumed':
        return this.#end(keyOfStep(kind.value.step));
      case 'timerWithdrawn':
      case 'waitWithdrawn':
        for (const [key, { startedSequence }] of this.#open) {
          if (startedSequence === Number(kind.value.startedSequence)) this.#end(key);
        }
        return;
      default:
    }
  }

  /** Answers those that the server keeps, and forgets them. */
  take(): readonly StepId[] {
    if (this.#open.size === 0) return NONE;
    const steps = Array.from(this.#open.values(), ({ step }) => step);
    for (const key of this.#open.keys()) this.#keys.delete(key);
    this.#open.clear();
    return steps;
  }

  #end(key: string | undefined): void {
    if (key === undefined) return;
    this.#open.delete(key);
    this.#keys.delete(key);
  }
}

const NONE: readonly StepId[] = [];
