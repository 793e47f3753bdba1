import { PassingMap } from '#libs/collections/passing-map.ts';
import type { Call } from './call.ts';
import { ChildCall } from './child-call.ts';
import { ChildWaitCall } from './wait-call.ts';

/** Open calls by the child that they are about, so that news of one of many children is not looked for among all. */
export class ChildIndex {
  /** By the event that scheduled the child. */
  readonly #scheduled = new PassingMap<number, ChildCall>();
  /** By the child's run id, in the order in which they were asked for. */
  readonly #waits = new PassingMap<string, ChildWaitCall[]>();

  /** A wait was asked for. Other calls are passed over. */
  add(call: Call): void {
    if (!(call instanceof ChildWaitCall)) return;
    const waits = this.#waits.get(call.childRunId);
    if (waits === undefined) this.#waits.set(call.childRunId, [call]);
    else waits.push(call);
  }

  /** The event that scheduled a child is known. */
  schedule(sequence: number, call: ChildCall): void {
    this.#scheduled.set(sequence, call);
  }

  /** A call is open no longer. */
  delete(call: Call): void {
    if (call instanceof ChildCall) {
      this.#scheduled.delete(call.scheduledSequence);
    } else if (call instanceof ChildWaitCall) {
      const rest = this.#waits.get(call.childRunId)?.filter((wait) => wait !== call) ?? [];
      if (rest.length === 0) this.#waits.delete(call.childRunId);
      else this.#waits.set(call.childRunId, rest);
    }
  }

  /** The call whose child an event scheduled. */
  maybeScheduled(sequence: bigint): ChildCall | undefined {
    return this.#scheduled.get(Number(sequence));
  }

  /** The first wait for the end of a child that the log knows of. */
  maybeWait(runId: string): ChildWaitCall | undefined {
    return this.#waits.get(runId)?.find(({ state }) => state === 'waiting');
  }

  clear(): void {
    this.#scheduled.clear();
    this.#waits.clear();
  }
}
