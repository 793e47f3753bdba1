import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';

/** Signals whose wait was given up before they came: the next wait for such a signal gets them, the oldest first. */
export class SpareSignals {
  readonly #byName = new Map<string, (Payload | undefined)[]>();

  keep(signal: string, payload: Payload | undefined): void {
    const waiting = this.#byName.get(signal);
    if (waiting === undefined) this.#byName.set(signal, [payload]);
    else waiting.push(payload);
  }

  /** The oldest of a name, which is spare no longer. Absent: there is none. */
  take(signal: string): { readonly payload: Payload | undefined } | undefined {
    const waiting = this.#byName.get(signal);
    if (waiting === undefined) return undefined;
    const payload = waiting.shift();
    if (waiting.length === 0) this.#byName.delete(signal);
    return { payload };
  }

  clear(): void {
    this.#byName.clear();
  }
}
