/** The scope of the run itself. */
export const WHOLE_RUN = '';

/**
 * Which scopes were cancelled. A cancel is told once to each part of the function: a scope that has been told does its
 * clean-up, which the cancel of an outer scope, or its own, does not disturb. That of the run does, because it ends all
 * that the server waits for.
 *
 * Where nothing is awaited in a scope that is cancelled, the next thing that is asked for there gets the error instead.
 */
export class CancelledScopes {
  readonly #untold = new Set<string>();
  readonly #told = new Set<string>();

  /** The scope was cancelled, and nobody could be told. */
  add(scope: string): void {
    if (!this.#told.has(scope)) this.#untold.add(scope);
  }

  /** Nothing more is asked for in the scope. */
  end(scope: string): void {
    this.#untold.delete(scope);
    this.#told.delete(scope);
  }

  /** A call of this scope is told of the cancel of an outer one, or of its own; so are the scopes in between. */
  tell(scope: string, cancelled: string): void {
    for (let at = scope; at !== '' && isWithin(at, cancelled); at = outerOf(at)) this.#told.add(at);
  }

  /** Whether the cancel of a scope is nothing new to one within it. */
  knows(scope: string, cancelled: string): boolean {
    if (this.#told.size === 0 || cancelled === WHOLE_RUN) return false;
    for (let at = scope; at !== '' && isWithin(at, cancelled); at = outerOf(at)) if (this.#told.has(at)) return true;
    return false;
  }

  /** The scope whose cancel a call is to be told of; it is the only one. */
  take(scope: string): string | undefined {
    if (this.#untold.size === 0) return undefined;
    for (const untold of this.#untold) {
      if (!isWithin(scope, untold) || this.knows(scope, untold)) continue;
      this.#untold.delete(untold);
      return untold;
    }
    return undefined;
  }
}

/** Whether a scope is another one, or a part of it. */
function isWithin(scope: string, outer: string): boolean {
  return outer === WHOLE_RUN || scope === outer || (scope.startsWith(outer) && scope[outer.length] === '/');
}

/** Which of some scopes one is, or is a part of. */
export function maybeAround(scope: string, scopes: ReadonlySet<string>): string | undefined {
  for (let at = scope; at !== WHOLE_RUN; at = outerOf(at)) if (scopes.has(at)) return at;
  return undefined;
}

function outerOf(scope: string): string {
  return scope.slice(0, Math.max(0, scope.lastIndexOf('/')));
}
