import type {
  SessionRequestSchema,
  SessionResponse,
  SessionResponseSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { ErrorKind } from '#libs/errors/reasons.ts';
import type { BidiStream } from '#libs/rpc/client/client.ts';
import { type BackOffOptions, backOffMs } from '#libs/work-loop/stream/back-off.ts';
import { createSessionLine, type SessionLine } from './session-line.ts';

/** What the streams of a session are made of. */
export interface SessionStreamOptions {
  readonly tenantId: string;
  readonly open: () => BidiStream<typeof SessionRequestSchema, typeof SessionResponseSchema>;
  readonly reconnect: BackOffOptions;
  readonly random: () => number;
  /** Sends again what has no answer, over a stream that is new. */
  readonly onOpened: (line: SessionLine) => void;
  readonly onMessage: (message: SessionResponse) => void;
  /** There is no stream. Answers whether another one is needed now. `isFinal`: another try would not help. */
  readonly onBroken: (error: DomainError, isFinal: boolean) => boolean;
}

/** The streams of a session: one at a time, but while one takes over from another. */
export interface SessionStream {
  /** The stream to send over; one is opened where there is none. Undefined: it comes after a pause. */
  line(): SessionLine | undefined;
  /** The stream to send over, if there is one. */
  maybeLine(): SessionLine | undefined;
  /** Says that nothing more will be sent; what has no answer by then has none. */
  close(): void;
}

/** The server pings every 15 s; after three turns of this without a word the stream is dead. */
const SILENCE_MS = 15_000;
const SILENT_TURNS = 3;
/** A stream that was replaced may still bring what was under way. */
const LEAVE_MS = 5_000;
/** A stream that lived so long was a good one: the pauses start anew. */
const GOOD_MS = 5_000;

/** What another try does not mend; `cancelled` is a channel that was closed. */
const FINAL: ReadonlySet<ErrorKind> = new Set([
  'invalid',
  'denied',
  'unauthenticated',
  'precondition',
  'unimplemented',
]);

/** Makes the streams of a session. The first one is opened when it is needed. */
export function createSessionStream(options: SessionStreamOptions): SessionStream {
  const { tenantId, reconnect, random } = options;
  let current: { readonly line: SessionLine; leave(): void; cut(): void } | undefined;
  let isClosed = false;
  let failures = 0;
  let pause: NodeJS.Timeout | undefined;

  function connect(): SessionLine {
    clearTimeout(pause);
    pause = undefined;
    const before = current;
    const stream = options.open();
    const openTime = performance.now();
    let silentTurns = 0;
    let wasSentAway = false;
    let leaving: NodeJS.Timeout | undefined;
    const line = createSessionLine({
      tenantId,
      send: (request) => stream.send(request),
      onBroken: (error) => stream.abort(error),
    });
    const watch = setInterval(() => {
      silentTurns += 1;
      if (silentTurns > SILENT_TURNS) stream.abort(new DomainError('UNAVAILABLE', 'the server is silent'));
    }, SILENCE_MS);
    const connection = {
      line,
      leave: () => {
        line.drop();
        stream.close();
        leaving ??= setTimeout(() => stream.abort(), LEAVE_MS);
      },
      cut: () => stream.abort(),
    };

    async function read(): Promise<DomainError> {
      try {
        for await (const message of stream.messages) {
          silentTurns = 0;
          options.onMessage(message);
          // After all that callers do about it without waiting: what they sent need not wait for the end of the turn.
          process.nextTick(line.flush);
          if (message.goAway !== undefined && !wasSentAway && connection === current) {
            wasSentAway = true;
            replace(performance.now() - openTime >= GOOD_MS);
          }
        }
        return new DomainError('UNAVAILABLE', 'the server ended the stream');
      } catch (error) {
        stream.abort(error);
        return error instanceof DomainError
          ? error
          : new DomainError('INTERNAL', 'the stream failed', { cause: error });
      } finally {
        clearInterval(watch);
        clearTimeout(leaving);
        line.drop();
      }
    }

    current = connection;
    void read().then((error) => {
      if (connection !== current) return;
      current = undefined;
      if (isClosed) return;
      failures = performance.now() - openTime >= GOOD_MS ? 1 : failures + 1;
      if (!options.onBroken(error, FINAL.has(error.kind))) return;
      wait(Math.max(backOffMs(reconnect, failures, random()), error.retryAfterMs ?? 0));
    });
    options.onOpened(line);
    before?.leave();
    return line;
  }

  /** The current stream ends soon: another one is opened, at once unless that is how the last ones ended too. */
  function replace(wasGood: boolean): void {
    failures = wasGood ? 0 : failures + 1;
    if (failures <= 1) connect();
    else wait(backOffMs(reconnect, failures - 1, random()));
  }

  function wait(ms: number): void {
    clearTimeout(pause);
    pause = setTimeout(connect, ms);
  }

  return {
    line: () => {
      if (current !== undefined) return current.line;
      return pause === undefined && !isClosed ? connect() : undefined;
    },
    maybeLine: () => current?.line,
    close: () => {
      isClosed = true;
      clearTimeout(pause);
      current?.cut();
    },
  };
}
