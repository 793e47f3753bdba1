import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type {
  WorkRequest,
  WorkRequestSchema,
  WorkResponse,
  WorkResponseSchema,
} from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { HeldItem, Hello } from '#gen/millrace/state/v1/work_up_pb.ts';
import { PassingMap } from '#libs/collections/passing-map.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { BidiStream } from '#libs/rpc/client/client.ts';
import { createFrameLine, emptyRequest, type FrameLine } from '../frames/frame-line.ts';
import type { AssignmentLink } from '../link/assignment-link.ts';

/** One stream of a worker. */
export interface WorkConnection {
  readonly line: FrameLine;
  /** The assignments that are on it, by handle. */
  readonly links: PassingMap<number, AssignmentLink>;
  /** Says hello: what is given is held from now on under the handles of this stream. */
  greet(hello: Hello, held: Iterable<AssignmentLink>): void;
  /** Gives a link that is on another stream a handle of this one. */
  adopt(link: AssignmentLink): HeldItem;
  /** Sends a heartbeat every so often, and looks after the links; a stream that is silent for four of them is cut. */
  beat(intervalMs: number, freeSlots: () => number): void;
  /** Reads until the stream ends. Answers with what, if not well. */
  read(onMessage: (message: WorkResponse) => void): Promise<DomainError | undefined>;
  /** Says that nothing more will be sent, and cuts the stream after so long. */
  leave(graceMs: number): void;
  cut(error: DomainError): void;
}

/** The server pings every 15 s; after this many heartbeats, of 10 s each, without a word the stream is dead. */
const SILENT_BEATS = 4;

/** Takes a stream that was opened just now. `nextHandle` gives odd handles, each once in the life of the worker. */
export function createWorkConnection(
  stream: BidiStream<typeof WorkRequestSchema, typeof WorkResponseSchema>,
  tenantId: string,
  nextHandle: () => number,
): WorkConnection {
  const links = new PassingMap<number, AssignmentLink>();
  let silentBeats = 0;
  let beating: NodeJS.Timeout | undefined;
  let leaving: NodeJS.Timeout | undefined;
  const line = createFrameLine({
    tenantId,
    send: (request) => stream.send(request),
    onBroken: (error) => stream.abort(error),
  });

  function adopt(link: AssignmentLink): HeldItem {
    const handle = nextHandle();
    links.set(handle, link);
    return link.heldAs(handle);
  }

  return {
    line,
    links,
    adopt,
    greet: (hello, held) => {
      for (const link of held) hello.held.push(adopt(link));
      const request: WorkRequest = { ...emptyRequest(tenantId), hello };
      try {
        void stream.send(request);
      } catch (error) {
        stream.abort(error);
      }
    },
    beat: (intervalMs, freeSlots) => {
      clearInterval(beating);
      beating = setInterval(() => {
        silentBeats += 1;
        if (silentBeats > SILENT_BEATS) {
          stream.abort(new DomainError('UNAVAILABLE', `the server was silent for ${silentBeats * intervalMs} ms`));
          return;
        }
        line.beat({
          $typeName: 'millrace.state.v1.Heartbeat',
          workerTime: timestampFromMs(Date.now()),
          freeSlots: freeSlots(),
        });
        for (const link of links.values()) link.look();
      }, intervalMs);
    },
    read: async (onMessage) => {
      try {
        for await (const message of stream.messages) {
          silentBeats = 0;
          onMessage(message);
          // After all that functions do about it without waiting: what they sent need not wait for the end of the turn.
          process.nextTick(line.flush);
        }
        return undefined;
      } catch (error) {
        stream.abort(error);
        return error instanceof DomainError
          ? error
          : new DomainError('INTERNAL', 'the stream failed', { cause: error });
      } finally {
        clearInterval(beating);
        clearTimeout(leaving);
        line.drop();
      }
    },
    leave: (graceMs) => {
      clearInterval(beating);
      line.drop();
      stream.close();
      leaving ??= setTimeout(() => stream.abort(), graceMs);
    },
    cut: (error) => stream.abort(error),
  };
}
