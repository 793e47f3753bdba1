/** An outcome that becomes a promise when somebody asks for it, so that a failure that nobody waits for harms nobody. */
export class LazyPromise<T> {
  #outcome: { readonly value: T } | { readonly error: unknown } | undefined;
  #waiting: PromiseWithResolvers<T> | undefined;

  get isSettled(): boolean {
    return this.#outcome !== undefined;
  }

  /** The same promise every time. */
  get promise(): Promise<T> {
    if (this.#waiting === undefined) {
      this.#waiting = Promise.withResolvers();
      this.#tell();
    }
    return this.#waiting.promise;
  }

  /** Only the first outcome counts. */
  resolve(value: T): void {
    this.#outcome ??= { value };
    this.#tell();
  }

  /** Only the first outcome counts. */
  reject(error: unknown): void {
    this.#outcome ??= { error };
    this.#tell();
  }

  #tell(): void {
    const outcome = this.#outcome;
    if (outcome === undefined) return;
    if ('error' in outcome) this.#waiting?.reject(outcome.error);
    else this.#waiting?.resolve(outcome.value);
  }
}
