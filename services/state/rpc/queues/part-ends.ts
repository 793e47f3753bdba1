/** How long it is remembered that a part is over which has not come yet. */
const REMEMBER_MS = 60_000;

/** A part of a claim that waits here. Disposing forgets it. */
export interface WaitingPart extends Disposable {
  /** Aborts when it need not wait any more. */
  readonly signal: AbortSignal;
}

/** Ends the waits of parts of claims; the end of a part may come before the part does. */
export interface PartEnds {
  begin(id: string): WaitingPart;
  end(id: string): void;
}

/** Makes a table without parts. */
export function createPartEnds(): PartEnds {
  const parts = new Map<string, AbortController>();

  function partOf(id: string): AbortController {
    const part = parts.get(id) ?? new AbortController();
    parts.set(id, part);
    return part;
  }

  return {
    begin: (id) => {
      const part = partOf(id);
      return { signal: part.signal, [Symbol.dispose]: () => void parts.delete(id) };
    },
    end: (id) => {
      partOf(id).abort();
      setTimeout(() => parts.delete(id), REMEMBER_MS).unref();
    },
  };
}
