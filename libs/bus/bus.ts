/** What is told to the outside once it is durable. */
export interface BusMessage {
  /** As `subjectFrom` spells it. */
  readonly subject: string;
  /** Names the message for good, so that a repeat is known as one: `<incarnation>:<sequence>`. [journal.md 30] */
  readonly id: string;
  /** The partition and the position in its journal that it comes from. */
  readonly origin: { readonly partition: number; readonly position: number };
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** A subscription, until it is disposed of. */
export interface Subscription extends Disposable {
  /** How many messages it missed because it was too slow. What has to be whole reads the log instead. */
  readonly missed: number;
}

/**
 * Tells the world what was committed. Correctness never depends on it: whoever misses a message finds out by a slow
 * sweep of the store.
 */
export interface Bus extends AsyncDisposable {
  /**
   * Publishes messages in their order, and answers when the bus has them. A message that is published again has the same
   * id.
   *
   * @throws the signal's reason when it aborts, UNAVAILABLE when the bus is away; some may have been published.
   */
  publish(messages: readonly BusMessage[], signal: AbortSignal): Promise<void>;
  /**
   * Hears of the messages whose subject matches a pattern, from now on, in order and one at a time.
   *
   * @throws RangeError when the pattern is none.
   */
  subscribe(pattern: string, onMessage: (message: BusMessage) => void): Subscription;
}
