import type { SlotRange } from '../slots.ts';
import type { IncarnationKey } from './keys.ts';

/** A signal that waits for its run; for one that is not born yet the incarnation is empty. */
export interface SignalRow extends IncarnationKey {
  readonly name: string;
  /** Order of arrival within the run, unique there whatever the name. */
  readonly order: number;
  /** When it is dropped; only unborn ones are. */
  readonly expireTime?: number;
  readonly body: Uint8Array;
}

/** Names a buffered signal. */
export type SignalKey = Pick<SignalRow, 'tenantId' | 'runId' | 'incarnation' | 'name' | 'order'>;

/** Buffered signals. */
export interface SignalTable {
  /** In order of arrival, after an order if one is given. */
  readSignals(key: IncarnationKey, limit: number, afterOrder?: number): Promise<readonly SignalRow[]>;
  /** Earliest first, then by key. */
  signalsExpiredBefore(slots: SlotRange, time: number, limit: number): Promise<readonly SignalKey[]>;
}
