import type { Message } from '@bufbuild/protobuf';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { Outbound } from '#libs/rpc/handler.ts';

/** A message ends before it has more bytes than this, as far as they are counted: the limit of messages is 4 MiB. */
const MAX_MESSAGE_BYTES: number = 2 * 1024 * 1024;
/** Frames that wait for a caller who does not read: then the stream is cut. */
const MAX_WAITING_FRAMES = 200_000;

/** Gathers the frames of one moment into messages. */
export interface DownBatch<M> {
  /** The message that fills. `bytes` is about what is added to it, where that may be much. */
  open(bytes?: number): M;
}

/**
 * Makes a batch: everything that is told in one turn of a commit leaves as one message, after it. While the caller does
 * not read, frames gather.
 *
 * @throws OVERLOADED into `onFull` when too many have gathered.
 */
export function createDownBatch<M extends Message>(
  out: Outbound<M>,
  newMessage: () => M,
  onFull: (error: DomainError) => void,
): DownBatch<M> {
  let filling: M | undefined;
  let bytes = 0;
  let frames = 0;
  let isFlushing = false;
  let isHeldBack = false;
  const full: M[] = [];

  function flush(): void {
    isFlushing = false;
    if (isHeldBack) return;
    while (full.length > 0 || filling !== undefined) {
      const message = full.shift() ?? filling;
      if (message === undefined) return;
      if (message === filling) {
        filling = undefined;
        bytes = 0;
      }
      const room = out.send(message);
      if (room !== undefined) {
        isHeldBack = true;
        void room.then(goOn, goOn);
        return;
      }
    }
    frames = 0;
  }

  function goOn(): void {
    isHeldBack = false;
    flush();
  }

  return {
    open: (more = 0) => {
      if (filling !== undefined && bytes + more > MAX_MESSAGE_BYTES && bytes > 0) {
        full.push(filling);
        filling = undefined;
        bytes = 0;
      }
      bytes += more + 64;
      frames += 1;
      if (frames > MAX_WAITING_FRAMES && isHeldBack) {
        onFull(
          new DomainError('OVERLOADED', 'the stream is not read', {
            metadata: { limit: String(MAX_WAITING_FRAMES) },
            retryAfterMs: 1_000,
          }),
        );
      }
      filling ??= newMessage();
      if (!isFlushing && !isHeldBack) {
        isFlushing = true;
        queueMicrotask(flush);
      }
      return filling;
    },
  };
}
