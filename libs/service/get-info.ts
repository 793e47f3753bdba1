import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type GetInfoRequest,
  type GetInfoResponse,
  GetInfoResponseSchema,
  type StoreInfoSchema,
  StoreKind,
} from '#gen/millrace/common/v1/system_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { ServiceName } from './listen-config.ts';
import type { StoreSetting } from './store-setting.ts';

/** What a service says about itself. */
export interface SystemInfo {
  readonly service: ServiceName;
  readonly version: string;
  /** Absent: it keeps no data. */
  readonly store: StoreSetting | undefined;
  /** Limits by name; sizes in bytes, times in milliseconds. */
  readonly limits: Readonly<Record<string, number>>;
  /** Whole milliseconds of Unix time. */
  readonly startTimeMs: number;
  /** The version of SQLite in this process. */
  readonly sqliteVersion: string;
}

/** SystemService.GetInfo: says what runs here. */
export function createGetInfo(info: SystemInfo, nowMs: () => number): UnaryHandler<GetInfoRequest, GetInfoResponse> {
  const limits = Object.fromEntries(Object.entries(info.limits).map(([name, limit]) => [name, BigInt(limit)]));
  return () =>
    create(GetInfoResponseSchema, {
      service: info.service,
      version: info.version,
      limits,
      startTime: timestampFromMs(info.startTimeMs),
      serverTime: timestampFromMs(nowMs()),
      ...(info.store === undefined ? {} : { store: storeInfo(info.store, info.sqliteVersion) }),
    });
}

function storeInfo(store: StoreSetting, sqliteVersion: string): MessageInitShape<typeof StoreInfoSchema> {
  switch (store.kind) {
    case 'sqlite':
      return { kind: StoreKind.SQLITE, product: 'SQLite', productVersion: sqliteVersion };
  }
}
