import { durationMs } from '@bufbuild/protobuf/wkt';
import type { WorkRequestSchema, WorkResponseSchema } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { Assignment, DrainNotice, Welcome } from '#gen/millrace/state/v1/work_down_pb.ts';
import type { Hello } from '#gen/millrace/state/v1/work_up_pb.ts';
import type { AnnouncedDefinition } from '#gen/millrace/state/v1/worker_pb.ts';
import { PassingSet } from '#libs/collections/passing-set.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { ErrorKind } from '#libs/errors/reasons.ts';
import type { BidiStream } from '#libs/rpc/client/client.ts';
import { AssignmentLink, type LinkOptions, NOBODY } from '../link/assignment-link.ts';
import { type BackOffOptions, backOffMs } from './back-off.ts';
import { handleResponse, takeHeld } from './handle-response.ts';
import { createSlotBook } from './slot-book.ts';
import { createWorkConnection, type WorkConnection } from './work-connection.ts';

/** What a worker's streams are made of. */
export interface WorkStreamOptions {
  readonly tenantId: string;
  readonly slots: number;
  /** Opens a stream. */
  readonly open: () => BidiStream<typeof WorkRequestSchema, typeof WorkResponseSchema>;
  /** What the worker says of itself; slots and what it holds are filled in. */
  readonly hello: () => Hello;
  readonly link: Omit<LinkOptions, 'onOver'>;
  readonly reconnect: BackOffOptions;
  readonly random: () => number;
  /** Takes an assignment: sets the holder of the link before it returns. */
  readonly onAssigned: (link: AssignmentLink) => void;
  readonly onDrained: (notice: DrainNotice) => void;
  /** A stream has ended with an error; another one follows. */
  readonly onTrouble: (error: DomainError) => void;
}

/** The life of a worker's connection. */
export interface WorkStream {
  /** Resolves with the first welcome; rejects when the server does not want this worker. */
  readonly ready: Promise<void>;
  /** Assignments that are not over. */
  readonly taken: number;
  /** Resolves once there is none and none can come: after `resize(0)`, when a stream says so or there is no stream. */
  idle(): Promise<void>;
  /**
   * Changes how many items it runs at a time. What it holds stays. 0 takes none any more: credits cannot be taken back, so
   * that another stream says so.
   */
  resize(slots: number): void;
  announce(definitions: readonly AnnouncedDefinition[]): void;
  retract(definitions: readonly AnnouncedDefinition[]): void;
  /** Ends everything at once, as a crash would: whoever holds an assignment loses it. */
  close(): void;
}

/** A server that does not answer a hello by then is tried again. */
const WELCOME_MS = 30_000;
/** A stream that was replaced may still bring what was under way. */
const LEAVE_MS = 5_000;
/** A stream that lived so long was a good one: the pauses start anew. */
const GOOD_MS = 5_000;
const HEARTBEAT_MS = 10_000;
const MIN_HEARTBEAT_MS = 50;

/** What another try does not mend. */
const FATAL: ReadonlySet<ErrorKind> = new Set([
  'invalid',
  'not-found',
  'precondition',
  'exists',
  'denied',
  'unauthenticated',
  'unimplemented',
]);

/**
 * Opens a worker's stream and keeps one open.
 *
 * - opening: the hello is out, which names everything that is held. From then on nothing more goes over the stream before;
 * - current: welcomed. Assignments go on from what the server says is durable;
 * - leaving: replaced, because the server sent it away. It is read until it ends: what still comes by it moves.
 *
 * A stream that breaks is followed by another one after a pause that grows; so is one that is refused, unless it is the
 * first and another try would not help.
 */
export function createWorkStream(options: WorkStreamOptions): WorkStream {
  const { tenantId, reconnect, random } = options;
  const links = new PassingSet<AssignmentLink>();
  const book = createSlotBook(options.slots);
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => undefined);
  const linkOptions: LinkOptions = { ...options.link, onOver };
  const waiting: (() => void)[] = [];
  let current: WorkConnection | undefined;
  let opening: WorkConnection | undefined;
  /** What the hello of the current stream said. */
  let currentSlots = 0;
  let isClosed = false;
  let wasReady = false;
  let failures = 0;
  let lastHandle = -1;
  let pause: NodeJS.Timeout | undefined;

  function nextHandle(): number {
    lastHandle += 2;
    return lastHandle;
  }

  function connect(): void {
    clearTimeout(pause);
    if (isClosed || opening !== undefined) return;
    const connection = createWorkConnection(options.open(), tenantId, nextHandle);
    opening = connection;
    for (const link of links) link.detach();
    current?.line.drop();
    const { slots } = book;
    connection.greet({ ...options.hello(), slots, held: [] }, links);
    const timeout = setTimeout(() => connection.cut(notWelcomed()), WELCOME_MS);
    let welcomeTime = Number.POSITIVE_INFINITY;
    let wasSentAway = false;
    void connection
      .read((message) =>
        handleResponse(connection, message, {
          welcomed: (welcome) => {
            clearTimeout(timeout);
            welcomeTime = performance.now();
            takeOver(connection, welcome, slots);
          },
          assigned: (assignment) => assign(connection, assignment),
          drained: options.onDrained,
          sentAway: () => {
            if (connection !== current || wasSentAway) return;
            wasSentAway = true;
            replace(performance.now() - welcomeTime >= GOOD_MS);
          },
        }),
      )
      .then((error) => {
        clearTimeout(timeout);
        ended(connection, error, performance.now() - welcomeTime >= GOOD_MS);
      });
  }

  /** The current stream ends soon: another one is opened, at once unless that is how the last ones ended too. */
  function replace(wasGood: boolean): void {
    failures = wasGood ? 0 : failures + 1;
    clearTimeout(pause);
    if (failures <= 1) connect();
    else pause = setTimeout(connect, backOffMs(reconnect, failures - 1, random()));
  }

  /** A stream was welcomed: it is the one that counts from now on. */
  function takeOver(connection: WorkConnection, welcome: Welcome, slots: number): void {
    if (connection !== opening) return;
    const leaving = current;
    current = connection;
    currentSlots = slots;
    opening = undefined;
    const named = new Map(Array.from(connection.links));
    book.open(slots, welcome.held.filter(({ lost }) => !lost).length);
    for (const state of welcome.held) {
      takeHeld(connection.links, connection.line, state);
      named.delete(state.handle);
    }
    for (const [handle, link] of named) link.move(connection.line, handle, 0, link.holder.knownSequence);
    if (leaving !== undefined) {
      leaving.line.drop();
      const moved = new Set(connection.links.values());
      for (const link of links) if (!moved.has(link)) moveLate(connection, link);
      leaving.leave(LEAVE_MS);
    }
    const { heartbeatInterval } = welcome;
    const beatMs = heartbeatInterval === undefined ? HEARTBEAT_MS : durationMs(heartbeatInterval);
    connection.beat(Math.max(MIN_HEARTBEAT_MS, beatMs), () => Math.max(0, book.slots - book.taken));
    giveCredits();
    wasReady = true;
    ready.resolve();
    if (book.slots === 0 && slots > 0) connect();
    tellIdle();
  }

  /** What came by a stream after another one said hello is named there afterwards. */
  function moveLate(connection: WorkConnection, link: AssignmentLink): void {
    link.detach();
    connection.line.add(connection.adopt(link));
  }

  function assign(connection: WorkConnection, assignment: Assignment): void {
    const link = new AssignmentLink(assignment, linkOptions);
    links.add(link);
    book.take();
    connection.links.set(assignment.handle, link);
    if (connection === current && opening === undefined) {
      link.attach(connection.line, assignment.handle);
      options.onAssigned(link);
      return;
    }
    // The hello of the stream that takes over did not name it, so that the server may have given it to somebody else.
    link.holder = {
      ...NOBODY,
      moved: (durable, lastSequence) => {
        link.holder = NOBODY;
        options.onAssigned(link);
        link.holder.moved(durable, lastSequence);
      },
    };
    if (connection !== current && current !== undefined && opening === undefined) moveLate(current, link);
  }

  function onOver(link: AssignmentLink): void {
    links.delete(link);
    book.free();
    if (current?.links.get(link.handle) === link) current.links.delete(link.handle);
    giveCredits();
    tellIdle();
  }

  function isIdle(): boolean {
    if (book.taken > 0) return false;
    return isClosed || (opening === undefined && (current === undefined || currentSlots === 0));
  }

  function tellIdle(): void {
    if (isIdle()) for (const resolve of waiting.splice(0)) resolve();
  }

  /** Not while another stream is opening: its hello says how many slots there are. */
  function giveCredits(): void {
    if (current === undefined || opening !== undefined) return;
    const due = book.due();
    if (due > 0) current.line.addCredits(due);
  }

  function ended(connection: WorkConnection, error: DomainError | undefined, wasGood: boolean): void {
    if (connection !== opening && connection !== current) return;
    if (connection === opening) opening = undefined;
    if (connection === current) {
      current = undefined;
      for (const link of links) link.detach();
    }
    tellIdle();
    if (isClosed) return;
    if (error !== undefined) options.onTrouble(error);
    // A channel that was closed stays closed.
    if (error !== undefined && (error.kind === 'cancelled' || (!wasReady && FATAL.has(error.kind)))) {
      end(error);
      return;
    }
    if (opening !== undefined) return;
    failures = wasGood ? 1 : failures + 1;
    clearTimeout(pause);
    pause = setTimeout(connect, Math.max(backOffMs(reconnect, failures, random()), error?.retryAfterMs ?? 0));
  }

  function end(error: DomainError): void {
    if (isClosed) return;
    isClosed = true;
    clearTimeout(pause);
    ready.reject(error);
    opening?.cut(error);
    current?.cut(error);
    for (const link of links) link.lose(error);
    tellIdle();
  }

  connect();
  return {
    ready: ready.promise,
    get taken() {
      return book.taken;
    },
    idle: () => (isIdle() ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    resize: (slots) => {
      book.resize(slots);
      if (slots === 0) connect();
      else giveCredits();
    },
    announce: (definitions) => current?.line.announce(definitions),
    retract: (definitions) => current?.line.retract(definitions),
    close: () => end(new DomainError('CALLER_GONE', 'the worker was closed')),
  };
}

function notWelcomed(): DomainError {
  return new DomainError('UNAVAILABLE', `the server did not answer the hello within ${WELCOME_MS} ms`);
}
