import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Watches files for changes. */
export interface FileWatcher extends Disposable {
  /** Watches this one too, which was read after this time; it may have changed since. */
  add(file: string, sinceMs: number): void;
  /** The file of the next change after this call. */
  next(): Promise<string>;
}

interface Folder {
  readonly names: Set<string>;
  readonly watcher: FSWatcher;
}

/** A file that is written has several changes; an editor makes more of them. */
const SETTLE_MS = 100;

/** Makes a watcher. It looks at folders, because editors put a new file in the place of the old one. */
export function createFileWatcher(): FileWatcher {
  const folders = new Map<string, Folder>();
  let changed = Promise.withResolvers<string>();
  let settling: NodeJS.Timeout | undefined;

  function onChange(file: string): void {
    clearTimeout(settling);
    settling = setTimeout(() => {
      const { resolve } = changed;
      changed = Promise.withResolvers();
      resolve(file);
    }, SETTLE_MS);
  }

  function open(folder: string): Folder | undefined {
    const names = new Set<string>();
    try {
      const watcher = watch(folder, (_, name) => {
        if (name !== null && names.has(name)) onChange(name);
      });
      // A folder that is taken away has nothing to be watched any more.
      watcher.on('error', () => folders.delete(folder));
      return { names, watcher };
    } catch {
      // It is not there; the worker says so.
      return undefined;
    }
  }

  return {
    add(file, sinceMs) {
      const folder = dirname(file);
      const watched = folders.get(folder) ?? open(folder);
      if (watched === undefined) return;
      folders.set(folder, watched);
      watched.names.add(basename(file));
      const changedMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (changedMs > sinceMs) onChange(basename(file));
    },
    next: () => changed.promise,
    [Symbol.dispose]() {
      clearTimeout(settling);
      for (const { watcher } of folders.values()) watcher.close();
    },
  };
}
