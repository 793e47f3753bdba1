/**
 * What has to be undone, the newest first: the part of `AsyncDisposableStack` that is needed here, which not every Node
 * that is supported has.
 */
export class CleanUp implements AsyncDisposable {
  #undo: (() => unknown)[] = [];

  /** Disposes it at the end. Answers it. */
  use<T extends AsyncDisposable | Disposable>(resource: T): T {
    this.#undo.push(
      Symbol.asyncDispose in resource ? () => resource[Symbol.asyncDispose]() : () => resource[Symbol.dispose](),
    );
    return resource;
  }

  /** Calls it at the end. */
  defer(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  /** Undoes everything, also when something of it fails; then it rejects with the first failure. Safe to call again. */
  async disposeAsync(): Promise<void> {
    const undo = this.#undo;
    this.#undo = [];
    const failures: unknown[] = [];
    for (const one of undo.toReversed()) {
      try {
        await one();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disposeAsync();
  }
}
