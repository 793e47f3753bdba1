import { DomainError } from '#libs/errors/domain-error.ts';

/** How often a change is tried whose run changes while it is read for it. */
const MAX_READS = 100;

/**
 * Thrown within a visit before anything is decided: something has to be read or stored first. Callers see it only when a
 * run never stands still for it.
 */
export class ReadFirst extends DomainError {
  readonly read: () => Promise<unknown>;

  constructor(read: () => Promise<unknown>) {
    super('UNAVAILABLE', 'the run changes all the time', { retryAfterMs: 100 });
    this.read = read;
  }
}

/**
 * Makes a change, and makes it anew after each thing that its visit wants to have read.
 *
 * @throws what the change throws, and what reading throws.
 */
export async function readingFirst<T>(change: () => Promise<T>): Promise<T> {
  for (let reads = 0; ; reads += 1) {
    try {
      return await change();
    } catch (error) {
      if (!(error instanceof ReadFirst) || reads === MAX_READS) throw error;
      await error.read();
    }
  }
}
