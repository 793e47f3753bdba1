import { createHash, randomUUID } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  PayloadService,
  type UploadPayloadRequestSchema,
  type UploadPayloadResponse,
} from '#gen/millrace/state/v1/payload_service_pb.ts';
import type { BlobKey } from '#libs/store/blobs/blobs.ts';
import type { OpenStateStore } from '#libs/store/opening/open-context.ts';
import { MAX_PAYLOAD_BYTES } from '#services/state/rpc/context.ts';
import { sweepUploads } from '#services/state/rpc/payloads/sweep-uploads.ts';
import { digestOf, pattern, sourceOf } from '#test/contract/store/blobs/blob-bytes.ts';
import { headRow, pastHeadRow, signal, stampAt } from '#test/contract/store/tables/rows.ts';
import { failureOf, failureOfStream } from '#test/doors/failure.ts';
import { pushed } from '#test/doors/pushed.ts';
import type { ServedEcho } from '#test/doors/serve-echo.ts';
import { as } from '#test/doors/token-authenticator.ts';
import { DOORS, LIMIT_BYTES, newTenant, ROOT, serveState } from './serve-state.ts';
import type { StateHome } from './state-homes.ts';

type UploadInit = Exclude<MessageInitShape<typeof UploadPayloadRequestSchema>, { $typeName: string }>;

const HOUR_MS = 3_600_000;
const PART_BYTES = 1_000_000;
const sha256Of = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(createHash('sha256').update(bytes).digest());

/** The messages of an upload: the fields, then the bytes in parts. */
async function* upload(first: UploadInit, bytes: Uint8Array, partBytes = PART_BYTES): AsyncGenerator<UploadInit> {
  yield first;
  for await (const chunk of sourceOf(bytes, partBytes)) yield { chunk };
}

/** What PayloadService promises, on any store and through both doors. */
export function payloadsContract(name: string, createHome: () => Promise<StateHome>): void {
  describe(name, { timeout: 60_000 }, () => {
    const stack = new AsyncDisposableStack();
    let nowMs = Date.UTC(2026, 0, 1);
    let home: StateHome;
    let store: OpenStateStore;
    let served: ServedEcho;
    let away: ServedEcho;
    let roomy: ServedEcho;

    beforeAll(async () => {
      home = stack.use(await createHome());
      store = stack.use(await home.openState());
      const changes = { nowMs: () => nowMs };
      served = stack.use(await serveState(store, changes));
      // Sends every stream away at once.
      away = stack.use(await serveState(store, changes, { limits: { streamMaxAgeMs: 1 } }));
      roomy = stack.use(await serveState(store, { ...changes, maxPayloadBytes: MAX_PAYLOAD_BYTES }));
    }, 60_000);
    afterAll(async () => await stack.disposeAsync(), 60_000);

    describe.each(DOORS)('by $name', ({ transport }) => {
      /** The calls of a tenant of its own. */
      const open = (tenantId = newTenant(), node = served) => {
        const client = createClient(PayloadService, transport(node.addresses));
        const download = async (
          ref: { sha256: Uint8Array<ArrayBuffer>; uploadId?: string },
          more: { runId?: string; incarnation?: string; offset?: bigint } = {},
        ) => {
          const parts: Uint8Array[] = [];
          let end = more.offset ?? 0n;
          let isSentAway = false;
          for await (const { chunk, offset, goAway } of client.downloadPayload({ tenantId, ref, ...more }, ROOT)) {
            isSentAway ||= goAway !== undefined;
            if (chunk.length > 0) {
              expect(offset).toBe(end);
              end += BigInt(chunk.length);
              parts.push(chunk);
            }
          }
          return { bytes: new Uint8Array(Buffer.concat(parts)), isSentAway };
        };
        return {
          tenantId,
          client,
          put: (bytes: Uint8Array, first: UploadInit = {}) =>
            client.uploadPayload(upload({ ...first, tenantId }, bytes), ROOT),
          download,
          fetch: async ({ ref }: UploadPayloadResponse) =>
            (await download({ sha256: Uint8Array.from(ref?.sha256 ?? []), uploadId: ref?.uploadId ?? '' })).bytes,
          stat: (uploadId: string) => store.blobs.stat({ kind: 'upload', tenantId, uploadId }),
        };
      };

      test.each([0, 1, 262_144, 3_000_000, LIMIT_BYTES])('[77] %i bytes come back as they were', async (size) => {
        const { put, fetch } = open();
        const bytes = pattern(size, 3);
        const response = await put(bytes, { uploadId: 'u', sha256: sha256Of(bytes), size: BigInt(size) });
        expect(response).toMatchObject({ uploadId: 'u', ref: { size: BigInt(size), uploadId: 'u' } });
        expect(Buffer.from(response.ref?.sha256 ?? []).toString('hex')).toBe(digestOf(bytes));
        expect(timestampMs(response.expireTime as never)).toBe(nowMs + 24 * HOUR_MS);
        expect(digestOf(await fetch(response))).toBe(digestOf(bytes));
      });

      test('one byte more than the limit is refused with size and limit, announced or not, and leaves nothing', async () => {
        const { put, stat } = open();
        const tooLarge = { code: 'RESOURCE_EXHAUSTED', reason: 'PAYLOAD_TOO_LARGE' };
        const metadata = { size: String(LIMIT_BYTES + 1), limit: String(LIMIT_BYTES) };
        const announced = put(new Uint8Array(1), { uploadId: 'u', size: BigInt(LIMIT_BYTES + 1) });
        expect(await failureOf(announced)).toMatchObject({ ...tooLarge, metadata });
        const bytes = pattern(LIMIT_BYTES + 1, 1);
        expect(await failureOf(put(bytes, { uploadId: 'u' }))).toMatchObject({ ...tooLarge, metadata });
        expect(await failureOf(put(bytes))).toMatchObject({ ...tooLarge, metadata });
        expect(await stat('u')).toBeUndefined();
      });

      test('the limit is 32 MiB where nobody says otherwise', async () => {
        const { put } = open(newTenant(), roomy);
        const size = 32n * 1024n * 1024n + 1n;
        expect(await failureOf(put(new Uint8Array(1), { size }))).toMatchObject({
          reason: 'PAYLOAD_TOO_LARGE',
          metadata: { limit: '33554432' },
        });
      });

      test('without an id an upload is called like its hash, announced or not, and is found by the hash alone', async () => {
        const { put, download, tenantId } = open();
        const [announced, surprising] = [pattern(300_000, 1), pattern(300_000, 2)];
        for (const [bytes, first] of [
          [announced, { sha256: sha256Of(announced) }],
          [surprising, {}],
        ] as const) {
          const response = await put(bytes, first);
          expect([response.uploadId, response.ref?.uploadId]).toEqual([digestOf(bytes), digestOf(bytes)]);
          expect(await put(bytes, first)).toEqual(response);
          expect((await download({ sha256: sha256Of(bytes) })).bytes).toEqual(bytes);
        }
        const rows = (await store.blobs.listFrom('upload', 0, { limit: 1_000 })).rows.map(({ key }) => key);
        const own = rows.filter((key) => key.kind === 'upload' && key.tenantId === tenantId);
        expect(own).toHaveLength(2);
      });

      test('bytes that are not what was announced are refused with every field, and leave nothing', async () => {
        const { put, stat } = open();
        const bytes = pattern(1_000, 1);
        const failure = await failureOf(put(bytes, { uploadId: 'u', size: 1_001n, sha256: new Uint8Array(32) }));
        expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELDS' });
        expect(failure.violations.map(({ field }) => field)).toEqual(['size', 'sha256']);
        const tooMany = await failureOf(put(bytes, { uploadId: 'u', size: 999n }));
        expect(tooMany.violations.map(({ field }) => field)).toEqual(['size']);
        expect(await stat('u')).toBeUndefined();
      });

      test('the same bytes under an id get the same answer, other bytes are refused and change nothing', async () => {
        const { put, fetch } = open();
        const bytes = pattern(700_000, 1);
        const first = await put(bytes, { uploadId: 'u' });
        nowMs += HOUR_MS;
        expect(await put(bytes, { uploadId: 'u' })).toEqual(first);
        expect(await failureOf(put(pattern(700_000, 2), { uploadId: 'u' }))).toMatchObject({
          code: 'INVALID_ARGUMENT',
          reason: 'REQUEST_ID_REUSED',
          metadata: { upload_id: 'u' },
        });
        expect(await fetch(first)).toEqual(bytes);
      });

      test('a repeat half a day later gets the same reference for a day more', async () => {
        const { put } = open();
        const first = await put(pattern(10, 1), { uploadId: 'u' });
        nowMs += 13 * HOUR_MS;
        const again = await put(pattern(10, 1), { uploadId: 'u' });
        expect(again.ref).toEqual(first.ref);
        expect(timestampMs(again.expireTime as never)).toBe(nowMs + 24 * HOUR_MS);
        expect(await failureOf(put(pattern(10, 2), { uploadId: 'u' }))).toMatchObject({ reason: 'REQUEST_ID_REUSED' });
      });

      test('uploads under one id at once: the same bytes agree, and of other bytes one stands', async () => {
        const { put, fetch } = open();
        const same = await Promise.all(Array.from({ length: 6 }, () => put(pattern(400_000, 1), { uploadId: 'same' })));
        for (const response of same) expect(response).toEqual(same[0]);
        const settled = await Promise.allSettled(
          Array.from({ length: 6 }, (_, seed) => put(pattern(400_000, seed), { uploadId: 'differs' })),
        );
        const stands = settled.flatMap((result, seed) => (result.status === 'fulfilled' ? [{ seed, ...result }] : []));
        expect(stands).toHaveLength(1);
        for (const { seed, value } of stands) expect(await fetch(value)).toEqual(pattern(400_000, seed));
      });

      test('an upload that is given up leaves nothing that can be read', async () => {
        const { client, tenantId, stat, download } = open();
        const requests = pushed<UploadInit>();
        const leave = new AbortController();
        const bytes = pattern(900_000, 1);
        requests.push({ tenantId, uploadId: 'u', chunk: bytes });
        const call = client.uploadPayload(requests.messages, { ...ROOT, signal: leave.signal });
        const endedBefore = served.ended.length;
        setTimeout(() => leave.abort(), 100);
        await failureOf(call);
        await served.calls(endedBefore + 1);
        requests.end();
        expect(await stat('u')).toBeUndefined();
        const gone = download({ sha256: sha256Of(bytes), uploadId: 'u' });
        expect(await failureOf(gone)).toMatchObject({ code: 'NOT_FOUND', reason: 'PAYLOAD_NOT_FOUND' });
      });

      test('fields in a later message, and ids that no store can keep, are refused', async () => {
        const { client, put, tenantId } = open();
        const later = async function* (): AsyncGenerator<UploadInit> {
          yield { tenantId, uploadId: 'u' };
          yield { tenantId, uploadId: 'u', size: 1n, runId: 'r', chunk: new Uint8Array(1) };
        };
        const { violations } = await failureOf(client.uploadPayload(later(), ROOT));
        expect(violations.map(({ field }) => field)).toEqual(['upload_id', 'size', 'run_id']);
        for (const uploadId of ['a\0b', 'ü'.repeat(65)]) {
          const failure = await failureOf(put(new Uint8Array(1), { uploadId }));
          expect(failure.violations.map(({ field }) => field)).toEqual(['upload_id']);
        }
      });

      test('ids in any script up to their full length name their own bytes', async () => {
        const { put, fetch } = open();
        const ids = ['x'.repeat(128), '😀'.repeat(32), 'ü/%2F', 'ü%2F%2F', '"', 'U', 'u'];
        const responses = [];
        for (const [seed, uploadId] of ids.entries()) responses.push(await put(pattern(100, seed), { uploadId }));
        for (const [seed, response] of responses.entries()) {
          expect([response.uploadId, await fetch(response)]).toEqual([ids[seed], pattern(100, seed)]);
        }
      });

      test('[69] two tenants with the same upload id see their own bytes, and nobody speaks for another', async () => {
        const [a, b] = [open(), open()];
        const [ofA, ofB] = [pattern(5_000, 1), pattern(5_000, 2)];
        const inA = await a.put(ofA, { uploadId: 'u' });
        const inB = await b.put(ofB, { uploadId: 'u' });
        expect([await a.fetch(inA), await b.fetch(inB)]).toEqual([ofA, ofB]);
        expect(await failureOf(b.fetch(inA))).toMatchObject({ reason: 'PAYLOAD_NOT_FOUND' });
        const { client, tenantId } = a;
        const denied = { code: 'PERMISSION_DENIED', reason: 'TENANT_DENIED' };
        const foreign = client.uploadPayload(upload({ tenantId }, ofA), as('worker'));
        expect(await failureOf(foreign)).toMatchObject(denied);
        const ref = { sha256: sha256Of(ofA), uploadId: 'u' };
        expect(await failureOfStream(client.downloadPayload({ tenantId, ref }, as('viewer')))).toMatchObject(denied);
        expect(await failureOf(client.uploadPayload(upload({}, ofA), as('viewer')))).toMatchObject({
          reason: 'ROLE_DENIED',
        });
      });

      test('a download begins at its offset, which may be the end and not more', async () => {
        const { put, download } = open();
        const bytes = pattern(600_000, 4);
        await put(bytes, { uploadId: 'u' });
        const ref = { sha256: sha256Of(bytes), uploadId: 'u' };
        for (const offset of [1, 262_143, 262_144, 262_145, 599_999, 600_000]) {
          expect((await download(ref, { offset: BigInt(offset) })).bytes).toEqual(bytes.subarray(offset));
        }
        const beyond = await failureOf(download(ref, { offset: 600_001n }));
        expect(beyond).toMatchObject({ reason: 'INVALID_FIELDS', violations: [{ field: 'offset' }] });
      });

      test('a download that is sent away goes on where it ended', async () => {
        const tenantId = newTenant();
        const bytes = pattern(1_500_000, 4);
        await open(tenantId).put(bytes, { uploadId: 'u' });
        const { download } = open(tenantId, away);
        const parts: Uint8Array[] = [];
        let streams = 0;
        for (let offset = 0; offset < bytes.length; streams += 1) {
          const part = await download({ sha256: sha256Of(bytes), uploadId: 'u' }, { offset: BigInt(offset) });
          parts.push(part.bytes);
          offset += part.bytes.length;
          expect(part.isSentAway || offset === bytes.length).toBe(true);
        }
        expect(streams).toBeGreaterThan(0);
        expect(digestOf(Buffer.concat(parts))).toBe(digestOf(bytes));
      });

      test('a payload that is not there is PAYLOAD_NOT_FOUND, and one of a run that is not there RUN_NOT_FOUND', async () => {
        const { put, download } = open();
        await put(pattern(10, 1), { uploadId: 'u' });
        const absent = { code: 'NOT_FOUND', reason: 'PAYLOAD_NOT_FOUND' };
        const sha256 = sha256Of(pattern(10, 1));
        expect(await failureOf(download({ sha256, uploadId: 'other' }))).toMatchObject(absent);
        expect(await failureOf(download({ sha256: sha256Of(pattern(10, 2)), uploadId: 'u' }))).toMatchObject(absent);
        const noRun = { code: 'NOT_FOUND', reason: 'RUN_NOT_FOUND', metadata: { run_id: 'r' } };
        expect(await failureOf(download({ sha256 }, { runId: 'r' }))).toMatchObject(noRun);
        const incarnation = '01900000-0000-7000-8000-000000000000';
        expect(await failureOf(download({ sha256 }, { runId: 'r', incarnation }))).toMatchObject(noRun);
      });

      test('the payloads of a run are those of its newest start, and of an older one by its name', async () => {
        const { tenantId, download } = open();
        const runId = `${'r'.repeat(200)}${'ü'.repeat(28)}`;
        const [older, newest] = [
          '01900000-0000-7000-8000-000000000001',
          '01900000-0000-7000-8000-000000000002',
        ] as const;
        const run = { tenantId, runId };
        const writes = [
          { table: 'heads', put: headRow({ ...run, incarnation: newest }) },
          { table: 'pastHeads', put: pastHeadRow({ ...run, incarnation: older }) },
        ] as const;
        await store.tables.writeRows(stampAt(1), writes, signal);
        const [inOlder, inNewest] = [pattern(5_000, 1), pattern(5_000, 2)];
        for (const [incarnation, bytes] of [
          [older, inOlder],
          [newest, inNewest],
        ] as const) {
          const key: BlobKey = { kind: 'payload', ...run, incarnation, sha256: digestOf(bytes) };
          await store.blobs.put(key, sourceOf(bytes), { maxBytes: LIMIT_BYTES, signal, now: nowMs });
        }
        expect((await download({ sha256: sha256Of(inNewest) }, { runId })).bytes).toEqual(inNewest);
        const named = { runId, incarnation: older };
        expect((await download({ sha256: sha256Of(inOlder) }, named)).bytes).toEqual(inOlder);
        for (const [bytes, more] of [
          [inOlder, { runId }],
          [inNewest, named],
        ] as const) {
          const failure = await failureOf(download({ sha256: sha256Of(bytes) }, more));
          expect(failure).toMatchObject({ reason: 'PAYLOAD_NOT_FOUND' });
        }
      });

      test('[77] a flipped byte where the bytes are kept is DATA_CORRUPTION before a wrong byte leaves', async () => {
        const { put, stat, client, tenantId } = open();
        const bytes = pattern(300_000, 1);
        await put(bytes, { uploadId: 'u' });
        await home.flipByte((await stat('u'))?.putId ?? '');
        let received = 0;
        const ref = { sha256: sha256Of(bytes), uploadId: 'u' };
        const reading = (async () => {
          for await (const { chunk } of client.downloadPayload({ tenantId, ref }, ROOT)) received += chunk.length;
        })();
        expect(await failureOf(reading)).toMatchObject({ code: 'DATA_LOSS', reason: 'DATA_CORRUPTION' });
        expect(received).toBe(0);
      });
    });

    test('the sweep removes what is older than a day, and neither younger uploads nor other blobs', async () => {
      const tenantId = newTenant();
      const keys = ['old', 'young'].map((uploadId): BlobKey => ({ kind: 'upload', tenantId, uploadId }));
      const blob: BlobKey = { kind: 'blob', tenantId, sha256: randomUUID() };
      const [old, young] = keys as [BlobKey, BlobKey];
      const put = (key: BlobKey, now: number) =>
        store.blobs.put(key, sourceOf(pattern(10, 1)), { maxBytes: 10, signal, now });
      await put(old, nowMs - 24 * HOUR_MS - 1);
      await put(blob, nowMs - 48 * HOUR_MS);
      await put(young, nowMs - 24 * HOUR_MS + 1);
      const swept = await sweepUploads(store.blobs, nowMs, signal);
      expect(swept.uploads).toBeGreaterThanOrEqual(1);
      expect(swept.hasMore).toBe(false);
      expect(await store.blobs.stat(old)).toBeUndefined();
      expect((await store.blobs.stat(young))?.size).toBe(10);
      expect((await store.blobs.stat(blob))?.size).toBe(10);
      await expect(sweepUploads(store.blobs, nowMs, AbortSignal.abort(new RangeError('enough')))).rejects.toThrow(
        'enough',
      );
    });
  });
}
