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
import { STORE_FORMAT } from '#libs/store/opening/meta-row.ts';
import type { StoreMeta, StoreServer } from '#libs/store/store.ts';
import type { ServiceName } from './listen-config.ts';

/** What a service says about itself. */
export interface SystemInfo {
  readonly service: ServiceName;
  readonly version: string;
  /** Absent: it keeps no data. */
  readonly store: { readonly meta: StoreMeta; readonly server: StoreServer } | undefined;
  /** Limits by name; sizes in bytes, times in milliseconds. */
  readonly limits: Readonly<Record<string, number>>;
  /** Whole milliseconds of Unix time. */
  readonly startTimeMs: number;
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
      ...(info.store === undefined ? {} : { store: storeInfo(info.store) }),
    });
}

function storeInfo({ meta, server }: NonNullable<SystemInfo['store']>): MessageInitShape<typeof StoreInfoSchema> {
  return {
    kind: STORE_KINDS[server.kind] ?? StoreKind.MONGODB,
    product: server.kind,
    productVersion: server.version,
    format: meta.format,
    minReader: meta.minReader,
    newestFormat: STORE_FORMAT,
  };
}

/** The stores that are not a server of the MongoDB protocol; such a server's kind is its product's name. */
const STORE_KINDS: Readonly<Record<string, StoreKind>> = { memory: StoreKind.MEMORY, sqlite: StoreKind.SQLITE };
