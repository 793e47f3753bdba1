import { expect, test } from 'vitest';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { BlobBackend } from '#libs/store/blobs/blob-backend.ts';
import type { BlobKey, Blobs } from '#libs/store/blobs/blobs.ts';
import { createBlobs } from '#libs/store/blobs/create-blobs.ts';
import { createMemoryBlobBackend } from '#libs/store/memory/blobs.ts';

const KEY: BlobKey = { kind: 'package', tenantId: 'tenant', digest: 'd' };
const options = { maxBytes: 1_000, signal: new AbortController().signal, now: 1_000 } as const;

async function* bytesOf(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text);
}

async function textOf(blobs: Blobs): Promise<string | undefined> {
  const chunks = await blobs.get(KEY, options.signal);
  return chunks === undefined ? undefined : Buffer.concat(await Array.fromAsync(chunks)).toString();
}

/** Blobs whose first row is written, but the answer is lost; `meanwhile` happens before anybody looks. */
function losingFirstAnswer(backend: BlobBackend, meanwhile: () => Promise<unknown>): Blobs {
  let hasLost = false;
  return createBlobs({
    ...backend,
    async writeRow(row, oldPutId) {
      const isWritten = await backend.writeRow(row, oldPutId);
      if (hasLost) return isWritten;
      hasLost = true;
      await meanwhile();
      throw new DomainError('UNAVAILABLE', 'the answer is lost');
    },
  });
}

test('a put whose answer was lost is done when its row stands', async () => {
  const backend = createMemoryBlobBackend();
  await losingFirstAnswer(backend, async () => undefined).put(KEY, bytesOf('mine'), options);
  expect(await textOf(createBlobs(backend))).toBe('mine');
});

test.each(['', 'before'])(
  'a put that was replaced before its answer came leaves the later one whole (%j)',
  async (old) => {
    const backend = createMemoryBlobBackend();
    const blobs = createBlobs(backend);
    if (old !== '') await blobs.put(KEY, bytesOf(old), options);
    const losing = losingFirstAnswer(backend, () => blobs.put(KEY, bytesOf('later'), options));
    await losing.put(KEY, bytesOf('mine'), options);
    expect(await textOf(blobs)).toBe('later');
    await blobs.sweepUnfinished(Number.MAX_SAFE_INTEGER, 100);
    expect(await textOf(blobs)).toBe('later');
  },
);

test('a put that was deleted before its answer came is not made again without its bytes', async () => {
  const backend = createMemoryBlobBackend();
  const blobs = createBlobs(backend);
  const losing = losingFirstAnswer(backend, () => blobs.delete(KEY));
  await expect(losing.put(KEY, bytesOf('mine'), options)).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  expect(await textOf(blobs)).toBeUndefined();
});
