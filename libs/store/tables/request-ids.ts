import type { SlotRange } from '../slots.ts';
import type { RunKey } from './keys.ts';

/**
 * The first reply to a request, so that a repeat gets the same. `runId` is what decides the partition and the slot: the
 * run, or for a request about a free item the item's id.
 */
export interface RequestIdRow extends RunKey {
  readonly rpc: string;
  readonly requestId: string;
  readonly expireTime: number;
  readonly body: Uint8Array;
}

/** Names a request: its scope is tenant, RPC and run. [journal.md 21] */
export type RequestIdKey = Pick<RequestIdRow, 'tenantId' | 'runId' | 'rpc' | 'requestId'>;

/** First replies. */
export interface RequestIdTable {
  readRequestId(key: RequestIdKey): Promise<RequestIdRow | undefined>;
  /** Earliest first, then by key. */
  requestIdsExpiredBefore(slots: SlotRange, time: number, limit: number): Promise<readonly RequestIdKey[]>;
}
