import { type InterceptingListener, Metadata, status as Status, type StatusObject } from '@grpc/grpc-js';
import { callerGone } from '../call/caller-gone.ts';
import type { IncomingCall } from '../call/runtime.ts';
import type { GrpcCall } from '../client/channel.ts';

/** Answers that wait for their reader before the handler is asked to wait. */
const WAIT_ANSWERS = 64;

/** Who is behind a call. */
export interface LocalCallHost {
  /** The call has started, and is served from now on. */
  readonly onStart: (call: LocalCall) => void;
  /** The caller went away. */
  readonly onLeave: () => void;
  /** A message or a status is on its way, or has arrived. */
  readonly onActivity: () => void;
  readonly onOver: () => void;
}

/**
 * A call within the process: bytes both ways, as on a connection, and the status behind the last answer. Answers reach the
 * caller in a later turn of the event loop. Once it is over, what is under way is dropped.
 */
export class LocalCall implements GrpcCall, IncomingCall, AsyncIterator<Buffer, undefined> {
  readonly door = 'grpc';
  readonly peerAddress = '127.0.0.1';
  readonly path: string;
  readonly #deadline: number;
  readonly #host: LocalCallHost;
  #metadata: Metadata | undefined;
  #listener: InterceptingListener | undefined;
  #requests: Buffer[] = [];
  #answers: Buffer[] = [];
  #reads = 0;
  #status: StatusObject | undefined;
  #isHalfClosed = false;
  #isOver = false;
  #isPumping = false;
  #wake: (() => void) | undefined;
  #room: PromiseWithResolvers<void> | undefined;

  /** `deadline` is a point in time as `Date.now()` counts, or Infinity. */
  constructor(path: string, deadline: number, host: LocalCallHost) {
    this.path = path;
    this.#deadline = deadline;
    this.#host = host;
  }

  get timeoutMs(): number | undefined {
    return Number.isFinite(this.#deadline) ? Math.max(0, this.#deadline - Date.now()) : undefined;
  }

  header(name: string): string | undefined {
    const [value] = this.#metadata?.get(name) ?? [];
    return typeof value === 'string' ? value : undefined;
  }

  // The caller's side

  start(metadata: Metadata, listener: InterceptingListener): void {
    this.#metadata = metadata;
    this.#listener = listener;
    this.#host.onStart(this);
  }

  startRead(): void {
    this.#reads += 1;
    if (this.#answers.length > 0) this.#pump();
  }

  sendMessageWithContext({ callback }: Parameters<GrpcCall['sendMessageWithContext']>[0], message: Buffer): void {
    if (!this.#isOver) {
      this.#requests.push(message);
      this.#host.onActivity();
      this.#tellServer();
    }
    if (callback !== undefined) queueMicrotask(callback);
  }

  halfClose(): void {
    this.#isHalfClosed = true;
    this.#tellServer();
  }

  cancelWithStatus(code: Status, details: string): void {
    this.#end({ code, details, metadata: new Metadata() });
  }

  getPeer(): string {
    return this.peerAddress;
  }

  getCallNumber(): number {
    return 0;
  }

  setCredentials(): void {}

  getAuthContext(): null {
    return null;
  }

  // The server's side

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next request. Rejects when the call is over, on either side. */
  next(): Promise<IteratorResult<Buffer, undefined>> {
    if (this.#isOver || this.#status !== undefined) return Promise.reject(callerGone());
    const value = this.#requests.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#isHalfClosed) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#wake = () => resolve(this.next());
    });
  }

  /** Sends an answer. Answers nothing while there is room, otherwise a promise of it. */
  answer(bytes: Buffer): Promise<void> | undefined {
    if (this.#isOver || this.#status !== undefined) return undefined;
    this.#answers.push(bytes);
    this.#host.onActivity();
    this.#pump();
    if (this.#answers.length < WAIT_ANSWERS) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Ends the call, behind the answers that are under way. */
  finish(status: StatusObject): void {
    if (this.#isOver || this.#status !== undefined) return;
    this.#status = status;
    this.#tellServer();
    this.#host.onActivity();
    this.#pump();
  }

  /** Cuts the connection: what is under way is lost, and both sides see the end of it. */
  cut(): void {
    this.#end({ code: Status.UNAVAILABLE, details: 'the connection was cut', metadata: new Metadata() });
  }

  #end(status: StatusObject): void {
    if (this.#isOver) return;
    this.#drop();
    this.#host.onLeave();
    this.#host.onActivity();
    setImmediate(() => {
      this.#host.onActivity();
      this.#listener?.onReceiveStatus(status);
    });
  }

  #drop(): void {
    this.#isOver = true;
    this.#requests = [];
    this.#answers = [];
    this.#tellServer();
    this.#room?.resolve();
    this.#host.onOver();
  }

  #tellServer(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    setImmediate(() => {
      this.#isPumping = false;
      while (this.#reads > 0 && this.#answers.length > 0) {
        this.#reads -= 1;
        this.#host.onActivity();
        this.#listener?.onReceiveMessage(this.#answers.shift());
      }
      if (this.#answers.length < WAIT_ANSWERS / 2) {
        this.#room?.resolve();
        this.#room = undefined;
      }
      if (this.#answers.length > 0 || this.#status === undefined || this.#isOver) return;
      this.#drop();
      this.#host.onActivity();
      this.#listener?.onReceiveStatus(this.#status);
    });
  }
}
