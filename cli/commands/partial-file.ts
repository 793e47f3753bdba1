import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StartError } from '#libs/lifecycle/start-error.ts';

/** A file that has its name only once it is whole. Disposing one that was not kept removes it. */
export interface PartialFile extends AsyncDisposable {
  write(bytes: Uint8Array): Promise<void>;
  /** Makes it durable, then gives it its name. */
  keep(): Promise<void>;
}

/**
 * Begins to write a file beside its name, as `<path>.partial`. What an earlier attempt left there is overwritten.
 *
 * @throws StartError when there is a file of that name already and `isOverwriting` is not set, or none can be made.
 */
export async function createPartialFile(path: string, isOverwriting: boolean): Promise<PartialFile> {
  if (!isOverwriting && (await exists(path))) {
    throw new StartError(`there is a file ${path} already: choose another name, or say --overwrite`);
  }
  const partial = `${path}.partial`;
  let file: FileHandle | undefined;
  try {
    // Backups hold everything: nobody else reads them.
    file = await open(partial, 'w', 0o600);
  } catch (error) {
    throw new StartError(`the file ${partial} cannot be made`, { cause: error });
  }
  let isKept = false;
  return {
    async write(bytes) {
      await file.writev([bytes]);
    },
    async keep() {
      await file.sync();
      await file.close();
      await rename(partial, path);
      isKept = true;
      await syncFolder(dirname(path));
    },
    async [Symbol.asyncDispose]() {
      if (!isKept) {
        await file.close().catch(() => undefined);
        await rm(partial, { force: true });
      }
    },
  };
}

/** So that the name is there after a power cut. Some file systems do not take it. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().catch(() => undefined);
  await folder.close();
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
