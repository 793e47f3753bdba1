import type { MetaRow } from './meta-row.ts';

/** A step that makes a store of one format one of the next. */
export interface Migration<T> {
  /** The format that it makes. Its input has the one before. */
  readonly to: number;
  /** The oldest format that a program must read afterwards. */
  readonly minReader: number;
  /** Safe to repeat: a process may die between it and the row that says it is done. */
  apply(target: T, signal: AbortSignal): Promise<void> | void;
}

/**
 * The steps that opening a store takes, in order. They only go forwards, and stop before the first one after which a
 * program of the store's format could not read it any more: that one waits until the operator finalises the upgrade, so
 * that rolling back works. [journal.md 28]
 */
export function stepsAtOpen<T>(migrations: readonly Migration<T>[], meta: MetaRow): Migration<T>[] {
  const later = migrations.filter(({ to }) => to > meta.format).toSorted((a, b) => a.to - b.to);
  const stop = later.findIndex(({ minReader }) => minReader > meta.format);
  return stop < 0 ? later : later.slice(0, stop);
}

/** The meta row after a step. */
export function migratedRow<T>(meta: MetaRow, step: Migration<T>): MetaRow {
  return { ...meta, format: step.to, minReader: Math.max(meta.minReader, step.minReader) };
}
