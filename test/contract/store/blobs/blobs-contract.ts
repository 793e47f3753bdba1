import { createHash, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BlobInfo, BlobKey, BlobKind, Blobs } from '#libs/store/blobs/blobs.ts';
import { bytesOf, collect, digestOf, pattern, sourceOf } from './blob-bytes.ts';

/** A store whose blobs are tested. */
export interface BlobStore extends AsyncDisposable {
  /** Opens the blobs once more, as another process would. */
  open(): Promise<Blobs>;
  /** Flips a bit in the first chunk of some put. */
  flipByte(putId: string): Promise<void>;
  /** Removes the first chunk of some put. */
  loseChunk(putId: string): Promise<void>;
  /** How many chunks there are of a put. */
  countChunks(putId: string): Promise<number>;
}

/** What a suite needs of the adapter that it tests. */
export interface BlobContractOptions {
  /** Bytes of the largest blob. */
  readonly largeBytes: number;
  /** Random sequences of operations. */
  readonly sequences: number;
}

const MIB = 1024 * 1024;
const signal = new AbortController().signal;
const NOW = 1_700_000_000_000;

/** What blobs must do, whatever keeps them. */
export function blobsContract(
  name: string,
  openStore: () => Promise<BlobStore>,
  { largeBytes, sequences }: BlobContractOptions,
): void {
  describe(name, { timeout: 60_000 }, () => {
    let store: BlobStore;
    let blobs: Blobs;
    let other: Blobs;

    beforeAll(async () => {
      store = await openStore();
      blobs = await store.open();
      other = await store.open();
    }, 60_000);

    afterAll(async () => {
      await store[Symbol.asyncDispose]();
    }, 60_000);

    const put = (key: BlobKey, source: AsyncIterable<Uint8Array>, now = NOW): Promise<BlobInfo> =>
      blobs.put(key, source, { maxBytes: 512 * MIB, signal, now });
    const read = async (key: BlobKey): Promise<Uint8Array | undefined> => {
      const stream = await other.get(key, signal);
      return stream === undefined ? undefined : await collect(stream);
    };
    const packageKey = (tenantId: string = randomUUID()): BlobKey => ({ kind: 'package', tenantId, digest: 'd' });

    test.each([0, 1, 255, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, MIB])(
      '[77] %i bytes of all values come back as they were',
      async (size) => {
        const key = packageKey();
        const bytes = pattern(size, 3);
        const info = await put(key, sourceOf(bytes, 100_003));
        expect(info).toEqual({ key, putId: info.putId, size, sha256: digestOf(bytes), createTime: NOW });
        expect(await other.stat(key)).toEqual(info);
        expect(digestOf((await read(key)) as Uint8Array)).toBe(info.sha256);
      },
    );

    test('a large blob comes back as it was, and no more than a few chunks are held', async () => {
      const key = packageKey();
      let held = process.memoryUsage().rss;
      const before = held;
      const hash = createHash('sha256');
      const watched = async function* (): AsyncGenerator<Uint8Array> {
        for await (const part of bytesOf(largeBytes)) {
          hash.update(part);
          held = Math.max(held, process.memoryUsage().rss);
          yield part;
        }
      };
      const info = await put(key, watched());
      const back = createHash('sha256');
      for await (const part of (await other.get(key, signal)) ?? []) {
        back.update(part);
        held = Math.max(held, process.memoryUsage().rss);
      }
      expect(info.size).toBe(largeBytes);
      expect(back.digest('hex')).toBe(hash.digest('hex'));
      if (!name.includes('memory')) {
        // Generous: what is collected late counts too.
        expect(held - before).toBeLessThan(Math.max(160 * MIB, largeBytes / 3));
      }
      await blobs.delete(key);
      expect(await store.countChunks(info.putId)).toBe(0);
    });

    test('[77] what is not there is absent, and deleting it twice is fine', async () => {
      const key = packageKey();
      expect(await blobs.stat(key)).toBeUndefined();
      expect(await blobs.get(key, signal)).toBeUndefined();
      expect(await blobs.delete(key)).toBe(false);
      await put(key, sourceOf(pattern(10, 1)));
      expect(await blobs.delete(key)).toBe(true);
      expect(await blobs.delete(key)).toBe(false);
      expect(await blobs.get(key, signal)).toBeUndefined();
    });

    test('keys of all kinds, odd texts and two tenants stay apart', async () => {
      const incarnation = { tenantId: 't/1', runId: 'räum%2F', incarnation: 'i' };
      const keys: BlobKey[] = [
        { kind: 'payload', ...incarnation, sha256: 'a' },
        { kind: 'payload', ...incarnation, runId: 'räum/', sha256: 'a' },
        { kind: 'payload', ...incarnation, tenantId: 't', runId: '1/räum%2F', sha256: 'a' },
        { kind: 'upload', tenantId: 't', uploadId: 'x'.repeat(256) },
        { kind: 'upload', tenantId: '😀', uploadId: 'x'.repeat(256) },
        { kind: 'package', tenantId: 't', digest: 'a' },
        { kind: 'blob', tenantId: 't', sha256: 'a' },
      ];
      for (const [index, key] of keys.entries()) await put(key, sourceOf(pattern(index + 1, index)));
      for (const [index, key] of keys.entries()) {
        expect((await blobs.stat(key))?.key).toEqual(key);
        expect(await read(key)).toEqual(pattern(index + 1, index));
      }
    });

    test('a key that no store can keep is refused', async () => {
      const key: BlobKey = { kind: 'upload', tenantId: 'a\0b', uploadId: 'u' };
      await expect(put(key, sourceOf(pattern(1, 1)))).rejects.toMatchObject({ reason: 'INVALID_FIELDS' });
    });

    test('a blob is replaced whole, and the chunks of the old one go', async () => {
      const key = packageKey();
      const first = await put(key, sourceOf(pattern(MIB, 1)));
      const second = await put(key, sourceOf(pattern(300_000, 2)), NOW + 1);
      expect(second.putId).not.toBe(first.putId);
      expect(await read(key)).toEqual(pattern(300_000, 2));
      expect(await store.countChunks(first.putId)).toBe(0);
    });

    test('many puts at once leave one of them, whole', async () => {
      const key = packageKey();
      await Promise.all(
        Array.from({ length: 8 }, async (_, seed) =>
          (seed % 2 === 0 ? blobs : other).put(key, sourceOf(pattern(400_000, seed), 65_536), {
            maxBytes: MIB,
            signal,
            now: NOW,
          }),
        ),
      );
      const info = await blobs.stat(key);
      expect(digestOf((await read(key)) as Uint8Array)).toBe(info?.sha256);
      expect(await store.countChunks(info?.putId ?? '')).toBe(2);
    });

    test('a reader goes on when the same bytes are put again, and is told when others are', async () => {
      const key = packageKey();
      await put(key, sourceOf(pattern(MIB, 1)));
      const reader = ((await other.get(key, signal)) as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
      const parts = [(await reader.next()).value as Uint8Array];
      await put(key, sourceOf(pattern(MIB, 1)));
      parts.push((await reader.next()).value as Uint8Array);
      expect(Buffer.concat(parts)).toEqual(Buffer.from(pattern(MIB, 1).subarray(0, 512 * 1024)));
      await put(key, sourceOf(pattern(MIB, 2)));
      await expect(reader.next()).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
    });

    test('a delete that names a put spares the one that came after it', async () => {
      const key = packageKey();
      const first = await put(key, sourceOf(pattern(10, 1)));
      const second = await put(key, sourceOf(pattern(10, 1)));
      expect(await blobs.delete(key, first.putId)).toBe(false);
      expect(await read(key)).toEqual(pattern(10, 1));
      expect(await blobs.delete(key, second.putId)).toBe(true);
    });

    test('a put over its limit is refused and leaves nothing', async () => {
      const key = packageKey();
      const attempt = blobs.put(key, bytesOf(MIB), { maxBytes: MIB - 1, signal, now: NOW });
      await expect(attempt).rejects.toMatchObject({ reason: 'PAYLOAD_TOO_LARGE', metadata: { limit: '1048575' } });
      expect(await blobs.stat(key)).toBeUndefined();
      expect((await blobs.put(key, bytesOf(MIB), { maxBytes: MIB, signal, now: NOW })).size).toBe(MIB);
    });

    test('a put whose source fails or hangs until it is aborted leaves what was there', async () => {
      const key = packageKey();
      await put(key, sourceOf(pattern(10, 1)));
      const failing = async function* (): AsyncGenerator<Uint8Array> {
        yield pattern(600_000, 1);
        throw new TypeError('the caller is gone');
      };
      await expect(put(key, failing())).rejects.toThrow('the caller is gone');
      const stop = new AbortController();
      const hanging = async function* (): AsyncGenerator<Uint8Array> {
        yield pattern(600_000, 1);
        setTimeout(() => stop.abort(new RangeError('enough')), 20);
        await new Promise(() => undefined);
      };
      const attempt = blobs.put(key, hanging(), { maxBytes: MIB, signal: stop.signal, now: NOW });
      await expect(attempt).rejects.toThrow('enough');
      expect(await read(key)).toEqual(pattern(10, 1));
      expect(await blobs.sweepUnfinished(NOW + 1_000_000, 1_000)).toBe(0);
    });

    test('[77] a flipped bit is DATA_CORRUPTION before wrong bytes leave, and a missing chunk is', async () => {
      const key = packageKey();
      const bytes = pattern(600_000, 1);
      const info = await put(key, sourceOf(bytes));
      await store.flipByte(info.putId);
      await expect(read(key)).rejects.toMatchObject({ reason: 'DATA_CORRUPTION' });
      const again = await put(key, sourceOf(bytes));
      expect(await read(key)).toEqual(bytes);
      await store.loseChunk(again.putId);
      await expect(read(key)).rejects.toMatchObject({ reason: 'DATA_CORRUPTION' });
    });

    test('a reader that stops gets no more', async () => {
      const key = packageKey();
      await put(key, bytesOf(MIB));
      const stop = new AbortController();
      const reader = ((await blobs.get(key, stop.signal)) as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
      await reader.next();
      stop.abort(new RangeError('enough'));
      await expect(reader.next()).rejects.toThrow('enough');
    });

    test('the payloads of an incarnation go, in steps, and no others', async () => {
      const tenantId = randomUUID();
      const mine = { tenantId, runId: 'r', incarnation: 'i' };
      const payload = (incarnation: string, sha256: string): BlobKey => ({
        kind: 'payload',
        tenantId,
        runId: 'r',
        incarnation,
        sha256,
      });
      for (const sha256 of ['a', 'b', 'c']) await put(payload('i', sha256), sourceOf(pattern(3, 1)));
      await put(payload('i2', 'a'), sourceOf(pattern(3, 2)));
      expect(await blobs.deletePayloads(mine, 2)).toBe(false);
      expect(await blobs.deletePayloads(mine, 2)).toBe(true);
      expect(await blobs.deletePayloads(mine, 2)).toBe(true);
      expect(await blobs.stat(payload('i', 'c'))).toBeUndefined();
      expect(await read(payload('i2', 'a'))).toEqual(pattern(3, 2));
    });

    test('old uploads are listed in order of age, page by page, from both ends', async () => {
      const tenantId = randomUUID();
      const base = NOW + 10_000_000;
      for (let index = 0; index < 7; index += 1) {
        const key: BlobKey = { kind: 'upload', tenantId, uploadId: `u${index}` };
        await put(key, sourceOf(pattern(index, 1)), base + (index >> 1));
      }
      const pages = async (list: (token?: string) => ReturnType<Blobs['listFrom']>): Promise<string[]> => {
        const ids: string[] = [];
        for (let page = await list(); ; page = await list(page.nextToken)) {
          ids.push(...page.rows.flatMap(({ key }) => ('uploadId' in key ? [key.uploadId] : [])));
          if (page.nextToken === undefined) return ids;
        }
      };
      const from = await pages((token) =>
        other.listFrom('upload', base + 1, { limit: 2, ...(token === undefined ? {} : { token }) }),
      );
      expect(from).toEqual(['u2', 'u3', 'u4', 'u5', 'u6']);
      const older = await pages((token) =>
        other.listOlderThan('upload', base + 3, { limit: 4, ...(token === undefined ? {} : { token }) }),
      );
      expect(older.slice(-6)).toEqual(['u0', 'u1', 'u2', 'u3', 'u4', 'u5']);
    });

    test('what a put left behind that never finished is swept, and nothing else', async () => {
      const key = packageKey();
      const stuck: BlobKey = { kind: 'package', tenantId: randomUUID(), digest: 'stuck' };
      const kept = await put(key, sourceOf(pattern(600_000, 1)));
      const started = Promise.withResolvers<void>();
      const freed = Promise.withResolvers<void>();
      const slow = async function* (): AsyncGenerator<Uint8Array> {
        yield pattern(600_000, 1);
        started.resolve();
        await freed.promise;
        yield pattern(1, 1);
      };
      const attempt = put(stuck, slow(), NOW - 50_000);
      const refused = expect(attempt).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
      await started.promise;
      expect(await blobs.sweepUnfinished(NOW - 50_000, 10)).toBe(0);
      expect(await other.sweepUnfinished(NOW - 49_000, 10)).toBe(1);
      freed.resolve();
      await refused;
      expect(await blobs.stat(stuck)).toBeUndefined();
      expect(await store.countChunks(kept.putId)).toBe(3);
    });

    test('random operations do what they do in a map', async () => {
      const kinds: BlobKind[] = ['payload', 'upload', 'package', 'blob'];
      const operation = fc.tuple(fc.constantFrom('put', 'delete', 'read'), fc.nat(5), fc.nat(600_000));
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { maxLength: 12 }), async (operations) => {
          const tenantId = randomUUID();
          const model = new Map<number, Uint8Array>();
          for (const [what, number, size] of operations) {
            const kind = kinds[number % kinds.length] as BlobKind;
            const ids = {
              runId: 'r',
              incarnation: 'i',
              sha256: `${number}`,
              uploadId: `${number}`,
              digest: `${number}`,
            };
            const key = { kind, tenantId, ...ids } as BlobKey;
            if (what === 'put') {
              model.set(number, pattern(size, number));
              await put(key, sourceOf(pattern(size, number)));
            } else if (what === 'delete') {
              expect(await blobs.delete(key)).toBe(model.delete(number));
            } else {
              const found = await read(key);
              const expected = model.get(number);
              expect(found && digestOf(found)).toBe(expected && digestOf(expected));
            }
          }
        }),
        { numRuns: sequences },
      );
    });
  });
}
