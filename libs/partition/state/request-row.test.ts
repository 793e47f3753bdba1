import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LogError } from '#libs/engine/model/log-error.ts';
import { packRequest, unpackRequest } from './request-row.ts';
import { eventsByKind } from './testing/partition-events.ts';

test('[41] an answer is the same after its row was written and read, and keeps no memory of the row', () => {
  fc.assert(
    fc.property(eventsByKind.requestAnswered, (request) => {
      const { tenantId, runId, rpc, requestId, argumentsHash, reply, expireTime } = request;
      const row = packRequest(request);
      expect(row).toMatchObject({ tenantId, runId, rpc, requestId, expireTime });
      const kept = unpackRequest({ ...row, body: Buffer.from(row.body) });
      expect(kept).toEqual({ argumentsHash, reply, expireTime });
      expect(kept.reply.buffer.byteLength).toBe(reply.length);
    }),
  );
});

test('[8] a kept answer that is cut anywhere, too long, or of a newer format is a named error', () => {
  const [request] = fc.sample(eventsByKind.requestAnswered, { seed: 1, numRuns: 1 });
  if (request === undefined) throw new TypeError('no request');
  const row = packRequest(request);
  const wrong = Array.from(row.body, (_, size) => row.body.subarray(0, size));
  wrong.push(Uint8Array.from([...row.body, 0]), Uint8Array.from([2, ...row.body.subarray(1)]));
  for (const body of wrong) expect(() => unpackRequest({ ...row, body })).toThrow(LogError);
});
