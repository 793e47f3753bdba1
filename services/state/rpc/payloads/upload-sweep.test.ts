import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import type { Blobs } from '#libs/store/blobs/blobs.ts';
import { startUploadSweep } from './upload-sweep.ts';

const NOTHING = { rows: [], nextToken: undefined };

/** Blobs that hold nothing, and count how often they are asked. */
function createEmptyBlobs(listOlderThan: Blobs['listOlderThan']): Blobs {
  return { listOlderThan, sweepUnfinished: async () => 0 } as Partial<Blobs> as Blobs;
}

function createOptions(blobs: Blobs, lines: string[] = []) {
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  return { blobs, log, nowMs: () => 1_000, intervalMs: 5 };
}

test('the sweep goes round until it is disposed, and never again', async () => {
  const list = vi.fn<Blobs['listOlderThan']>(async () => NOTHING);
  const sweep = startUploadSweep(createOptions(createEmptyBlobs(list)));
  expect(list).not.toHaveBeenCalled();
  await vi.waitFor(() => expect(list.mock.calls.length).toBeGreaterThan(2));
  await sweep[Symbol.asyncDispose]();
  const { length } = list.mock.calls;
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(list.mock.calls).toHaveLength(length);
});

test('a round that fails is logged, and the next one is made', async () => {
  const lines: string[] = [];
  const list = vi.fn<Blobs['listOlderThan']>(async () => NOTHING).mockRejectedValueOnce(new TypeError('away'));
  await using _sweep = startUploadSweep(createOptions(createEmptyBlobs(list), lines));
  await vi.waitFor(() => expect(list.mock.calls.length).toBeGreaterThan(1));
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ level: 40, err: { message: 'away' } }]);
});

test('disposing waits for the round that is under way', async () => {
  const answered = Promise.withResolvers<typeof NOTHING>();
  const list = vi.fn<Blobs['listOlderThan']>(() => answered.promise);
  const sweep = startUploadSweep(createOptions(createEmptyBlobs(list)));
  await vi.waitFor(() => expect(list).toHaveBeenCalled());
  let isDisposed = false;
  const disposed = Promise.resolve(sweep[Symbol.asyncDispose]()).then(() => (isDisposed = true));
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(isDisposed).toBe(false);
  answered.resolve(NOTHING);
  await disposed;
});
