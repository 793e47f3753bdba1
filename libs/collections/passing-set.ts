import { PassingMap } from './passing-map.ts';

/** A set whose members come and go all the time: what `PassingMap` is to a Map. */
export class PassingSet<T> {
  readonly #members = new PassingMap<T, T>();

  get size(): number {
    return this.#members.size;
  }

  has(member: T): boolean {
    return this.#members.has(member);
  }

  add(member: T): this {
    this.#members.set(member, member);
    return this;
  }

  /** Whether it was one. */
  delete(member: T): boolean {
    return this.#members.delete(member);
  }

  clear(): void {
    this.#members.clear();
  }

  /** The member that has been here for longest. */
  maybeOldest(): T | undefined {
    return this.#members.maybeOldest();
  }

  /** The members that are here now, the oldest first; of those, what has gone by its turn is left out. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#members.values();
  }
}
