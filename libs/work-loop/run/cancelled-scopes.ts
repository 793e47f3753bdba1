import type { Call } from './call.ts';

/**
 * Scopes that were cancelled while nothing was awaited in them: the next thing that is asked for in one gets the error
 * instead, once.
 */
export class CancelledScopes {
  readonly #untold = new Set<string>();

  /** The scope was cancelled, and nobody could be told. */
  add(scope: string): void {
    this.#untold.add(scope);
  }

  /** Nothing more is asked for in the scope. */
  end(scope: string): void {
    this.#untold.delete(scope);
  }

  /** Whether a call is to be told; it is the only one. */
  takes({ scope }: Pick<Call, 'scope'>): boolean {
    if (this.#untold.size === 0) return false;
    for (const untold of this.#untold) {
      if (!isWithin(scope, untold)) continue;
      this.#untold.delete(untold);
      return true;
    }
    return false;
  }
}

/** Whether a scope is another one, or a part of it. */
export function isWithin(scope: string, outer: string): boolean {
  return scope === outer || (scope.startsWith(outer) && scope[outer.length] === '/');
}
