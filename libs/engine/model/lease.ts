/**
 * A worker's hold on an item. The fence is an int64 of 7 + 24 + 32 bits (era, epoch, counter), more than the 53 that a
 * number holds exactly; it is a bigint because it is only ever compared and stored, once a frame, and comes as one from
 * the wire.
 */
export interface Lease {
  /** The item: the number of the event that scheduled it. */
  readonly itemSequence: number;
  readonly workerId: string;
  /** The session whose heartbeats keep it. Empty: none. */
  readonly sessionId: string;
  readonly fence: bigint;
  readonly leaseTime: number;
  /** When it ends unless it is extended. Absent: never, or while its session's heartbeats come. */
  readonly expireTime: number | undefined;
  /** It never expires; only an operator ends it. */
  readonly noExpiry: boolean;
}

/** How long a lease holds: as long as its session is heard, for a time, or for ever. */
export type LeaseExpiry =
  | { readonly kind: 'heartbeat' }
  | { readonly kind: 'ttl'; readonly ttlMs: number }
  | { readonly kind: 'noExpiry' };

/**
 * The id of a work item as the outside spells it. Inside a run an item is the number of the event that scheduled it,
 * which costs a byte or two in the log where the id would cost forty.
 */
export function itemIdFrom(incarnation: string, itemSequence: number): string {
  return `${incarnation}.${itemSequence}`;
}

/** The item that an id names in this incarnation, or undefined when it names none. */
export function maybeItemSequence(incarnation: string, itemId: string): number | undefined {
  if (!itemId.startsWith(`${incarnation}.`)) return undefined;
  const digits = itemId.slice(incarnation.length + 1);
  return /^[1-9]\d{0,15}$/.test(digits) ? Number(digits) : undefined;
}
