import { DomainError } from '#libs/errors/domain-error.ts';
import type { GrpcCall } from './channel.ts';

/** Beyond this the sender is asked to wait. */
const WAIT_MESSAGES = 64;
const WAIT_BYTES = 1024 * 1024;

/** Beyond this a sender that does not wait is refused. */
const MAX_MESSAGES = 1_024;
const MAX_BYTES = 16 * 1024 * 1024;

/** The part of a call that messages go out by. */
export type OutboundCall = Pick<GrpcCall, 'sendMessageWithContext' | 'halfClose'>;

/**
 * The messages of a stream on their way out, one at a time: grpc-js may be given the next one only when it has taken
 * the one before. It is open, closing (what is queued goes out, then the half-close) or over.
 */
export class OutboundQueue {
  readonly #call: OutboundCall;
  readonly #context: { readonly callback: () => void };
  readonly #queue: Buffer[] = [];
  #queuedBytes = 0;
  #isWriting = false;
  #isClosing = false;
  #end: { readonly error: Error } | undefined;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(call: OutboundCall) {
    this.#call = call;
    this.#context = { callback: () => this.#written() };
  }

  /**
   * Sends a message. Answers nothing while there is room; otherwise a promise of room, which also settles when the
   * stream ends.
   *
   * @throws what the stream ended with; CALLER_GONE after `close`; OVERLOADED when far too much is queued.
   */
  send(message: Buffer): Promise<void> | undefined {
    if (this.#end !== undefined) {
      throw this.#end.error;
    }
    if (this.#isClosing) {
      throw new DomainError('CALLER_GONE', 'the stream is closed for sending');
    }
    if (!this.#isWriting) {
      this.#write(message);
      return this.#room?.promise;
    }
    if (this.#queue.length >= MAX_MESSAGES || this.#queuedBytes >= MAX_BYTES) {
      throw new DomainError('OVERLOADED', 'the stream takes no more: its sender does not wait for room', {
        metadata: { messages: String(this.#queue.length), bytes: String(this.#queuedBytes) },
      });
    }
    this.#queue.push(message);
    this.#queuedBytes += message.length;
    if (this.#queue.length >= WAIT_MESSAGES || this.#queuedBytes >= WAIT_BYTES) {
      this.#room ??= Promise.withResolvers();
    }
    return this.#room?.promise;
  }

  /** Says that nothing more will come, once what is queued is out. Safe to call again. */
  close(): void {
    if (this.#isClosing || this.#end !== undefined) {
      return;
    }
    this.#isClosing = true;
    if (!this.#isWriting) {
      this.#call.halfClose();
    }
  }

  /** The stream has ended: what is queued is dropped, later senders get the error. Only the first end counts. */
  end(error: Error): void {
    if (this.#end !== undefined) {
      return;
    }
    this.#end = { error };
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#makeRoom();
  }

  #write(message: Buffer): void {
    this.#isWriting = true;
    this.#call.sendMessageWithContext(this.#context, message);
  }

  #written(): void {
    this.#isWriting = false;
    if (this.#end !== undefined) {
      return;
    }
    const next = this.#queue.shift();
    if (next === undefined) {
      if (this.#isClosing) {
        this.#call.halfClose();
      }
    } else {
      this.#queuedBytes -= next.length;
      this.#write(next);
    }
    // Only at half of it, so that a sender is woken for many messages and not for each.
    if (this.#queue.length <= WAIT_MESSAGES / 2 && this.#queuedBytes <= WAIT_BYTES / 2) {
      this.#makeRoom();
    }
  }

  #makeRoom(): void {
    const room = this.#room;
    this.#room = undefined;
    room?.resolve();
  }
}
