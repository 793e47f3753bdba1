import { create, toJson } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { GetInfoRequestSchema, GetInfoResponseSchema } from '#gen/millrace/common/v1/system_service_pb.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { StoreMeta } from '#libs/store/store.ts';
import { createGetInfo, type SystemInfo } from './get-info.ts';

const INFO: SystemInfo = {
  service: 'state',
  version: '1.2.3',
  store: {
    meta: { format: 1, minReader: 1, slots: 1024, partitions: 1, era: 0 },
    server: { kind: 'sqlite', version: '3.50.0' },
  },
  limits: { message_bytes: 4_194_304 },
  startTimeMs: 1_000,
};

async function ask(info: SystemInfo): Promise<unknown> {
  const getInfo = createGetInfo(info, () => 2_500);
  // It reads nothing of the call.
  const response = await getInfo(create(GetInfoRequestSchema), {} as CallContext);
  return toJson(GetInfoResponseSchema, response);
}

test('it says what runs, what keeps the data and which limits hold', async () => {
  expect(await ask(INFO)).toEqual({
    service: 'state',
    version: '1.2.3',
    store: {
      kind: 'STORE_KIND_SQLITE',
      product: 'sqlite',
      productVersion: '3.50.0',
      format: 1,
      minReader: 1,
      newestFormat: 1,
    },
    limits: { message_bytes: '4194304' },
    startTime: '1970-01-01T00:00:01Z',
    serverTime: '1970-01-01T00:00:02.500Z',
  });
});

test('whatever is neither memory nor SQLite speaks the protocol of MongoDB', async () => {
  const store = { meta: INFO.store?.meta as StoreMeta, server: { kind: 'FerretDB', version: '2.7.0' } };
  expect(await ask({ ...INFO, store })).toMatchObject({ store: { kind: 'STORE_KIND_MONGODB', product: 'FerretDB' } });
});

test('a service without data names no store', async () => {
  expect(await ask({ ...INFO, service: 'worker', store: undefined })).not.toHaveProperty('store');
});
