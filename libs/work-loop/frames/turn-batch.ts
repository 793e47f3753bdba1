/** Bytes of one message, as far as they are counted: the limit of messages is 4 MiB. */
const MAX_BYTES: number = 3 * 1024 * 1024;

/** What is sent over a stream in one turn of the event loop. */
export interface TurnBatch<M> {
  /** The message that takes one frame more, of about so many bytes. */
  readonly open: (bytes: number) => M;
  /** Sends now what would leave after the turn. */
  readonly flush: () => void;
  /** Forgets what has not left yet. */
  readonly drop: () => void;
}

/** The stream that a batch leads to. */
export interface TurnBatchOptions<M> {
  readonly newMessage: () => M;
  /** Frames of one message at most. */
  readonly maxFrames: number;
  /** As `BidiStream.send`. */
  readonly send: (message: M) => Promise<void> | undefined;
  /** The stream takes nothing any more: it has ended, or what was sent is no message. */
  readonly onBroken: (error: unknown) => void;
}

/**
 * Makes a batch: all frames of one turn of the event loop leave as one message, after it, and while the stream has no room
 * they gather. How much that may be is up to those who add: what has no answer has its limits there.
 */
export function createTurnBatch<M>({ newMessage, maxFrames, send, onBroken }: TurnBatchOptions<M>): TurnBatch<M> {
  let filling: M | undefined;
  let frames = 0;
  let filledBytes = 0;
  let full: M[] = [];
  let isScheduled = false;
  let isHeldBack = false;

  function leave(): void {
    isScheduled = false;
    flush();
  }

  function flush(): void {
    while (!isHeldBack) {
      const message = full.shift() ?? filling;
      if (message === undefined) return;
      if (message === filling) filling = undefined;
      try {
        const room = send(message);
        if (room !== undefined) {
          isHeldBack = true;
          void room.then(goOn, goOn);
        }
      } catch (error) {
        drop();
        onBroken(error);
      }
    }
  }

  function goOn(): void {
    isHeldBack = false;
    flush();
  }

  function drop(): void {
    full = [];
    filling = undefined;
  }

  return {
    open: (bytes) => {
      if (filling !== undefined && (frames >= maxFrames || filledBytes + bytes > MAX_BYTES)) {
        full.push(filling);
        filling = undefined;
      }
      if (filling === undefined) {
        filling = newMessage();
        frames = 0;
        filledBytes = 0;
      }
      frames += 1;
      filledBytes += bytes;
      if (!isScheduled && !isHeldBack) {
        isScheduled = true;
        setImmediate(leave);
      }
      return filling;
    },
    flush,
    drop,
  };
}
