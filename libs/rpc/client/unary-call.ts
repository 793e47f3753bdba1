import type { DescMessage, Message, MessageInitShape } from '@bufbuild/protobuf';
import { type InterceptingListener, type Metadata, status as Status, type StatusObject } from '@grpc/grpc-js';
import { DomainError } from '#libs/errors/domain-error.ts';
import { abortError, deadlinePassed } from './abort-error.ts';
import { callMetadata } from './call-metadata.ts';
import { type CallOptions, type CompleteClientOptions, deadlineOf } from './call-options.ts';
import type { GrpcCall, RpcChannel } from './channel.ts';
import { errorFromStatus } from './error-from-status.ts';
import { decodeResponse, encodeRequest, type MethodPlan } from './method-plan.ts';
import { maybeRetryDelayMs } from './retry-policy.ts';

const NO_CONTEXT = Object.freeze({});

/** Makes a unary call, and makes it again where that is safe and may help. Rejects with DomainErrors only. */
export function callUnary(
  channel: RpcChannel,
  plan: MethodPlan,
  client: CompleteClientOptions,
  request: MessageInitShape<DescMessage>,
  options: CallOptions,
): Promise<Message> {
  return new Promise((resolve, reject) => {
    new UnaryCall(channel, plan, client, options, resolve, reject).start(request);
  });
}

/**
 * One unary call over all its attempts. It is under way (an attempt runs), pausing (between two attempts) or settled;
 * whatever comes once it is settled is dropped. It is the listener of each of its attempts itself, so that a call
 * costs no closures.
 */
class UnaryCall implements InterceptingListener {
  readonly #channel: RpcChannel;
  readonly #plan: MethodPlan;
  readonly #client: CompleteClientOptions;
  readonly #options: CallOptions;
  readonly #resolve: (response: Message) => void;
  readonly #reject: (error: unknown) => void;
  readonly #deadline: number;
  #metadata: Metadata | undefined;
  #request: Buffer | undefined;
  #attempts = 0;
  #call: GrpcCall | undefined;
  #response: Buffer | undefined;
  #pause: NodeJS.Timeout | undefined;
  #isSettled = false;

  constructor(
    channel: RpcChannel,
    plan: MethodPlan,
    client: CompleteClientOptions,
    options: CallOptions,
    resolve: (response: Message) => void,
    reject: (error: unknown) => void,
  ) {
    this.#channel = channel;
    this.#plan = plan;
    this.#client = client;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#deadline = deadlineOf(options, client.deadlineMs);
  }

  start(request: MessageInitShape<DescMessage>): void {
    const { signal, parent } = this.#options;
    const parentSignal = parent?.signal;
    if (signal?.aborted || parentSignal?.aborted) {
      this.#fail(abortError((signal?.aborted ? signal : parentSignal)?.reason));
      return;
    }
    try {
      this.#request = encodeRequest(this.#plan, request, this.#client.newRequestId, this.#channel.maxMessageBytes);
      this.#metadata = callMetadata(this.#channel, this.#options);
    } catch (error) {
      this.#fail(error);
      return;
    }
    signal?.addEventListener('abort', this);
    parentSignal?.addEventListener('abort', this);
    this.#attempt();
  }

  /** One of the signals aborted. */
  handleEvent(event: Event): void {
    const call = this.#call;
    this.#fail(abortError((event.target as AbortSignal).reason));
    call?.cancelWithStatus(Status.CANCELLED, 'aborted');
  }

  onReceiveMetadata(): void {}

  onReceiveMessage(message: Buffer): void {
    if (this.#response !== undefined) {
      this.#call?.cancelWithStatus(Status.INTERNAL, 'more than one answer');
      return;
    }
    this.#response = message;
  }

  onReceiveStatus(status: StatusObject): void {
    if (this.#isSettled) {
      return;
    }
    if (status.code !== Status.OK) {
      this.#failOrRepeat(errorFromStatus(this.#plan.path, status));
      return;
    }
    try {
      if (this.#response === undefined) {
        throw new DomainError('INTERNAL', `${this.#plan.path} succeeded without an answer`);
      }
      const response = decodeResponse(this.#plan, this.#response);
      this.#settle();
      this.#resolve(response);
    } catch (error) {
      this.#fail(error);
    }
  }

  #attempt(): void {
    if (this.#deadline <= Date.now()) {
      this.#fail(deadlinePassed());
      return;
    }
    this.#attempts += 1;
    this.#response = undefined;
    try {
      const call = this.#channel.createCall(this.#plan.path, this.#deadline);
      this.#call = call;
      call.start(this.#metadata as Metadata, this);
      call.startRead();
      call.sendMessageWithContext(NO_CONTEXT, this.#request as Buffer);
      call.halfClose();
    } catch (error) {
      this.#fail(error);
    }
  }

  #failOrRepeat(error: DomainError): void {
    const { retry, random } = this.#client;
    const delayMs = this.#plan.isRepeatable
      ? maybeRetryDelayMs(retry, this.#attempts, error, this.#deadline, random)
      : undefined;
    if (delayMs === undefined) {
      this.#fail(error);
      return;
    }
    this.#call = undefined;
    this.#pause = setTimeout(() => this.#attempt(), delayMs);
  }

  #fail(error: unknown): void {
    this.#settle();
    this.#reject(error);
  }

  #settle(): void {
    this.#isSettled = true;
    this.#call = undefined;
    if (this.#pause !== undefined) {
      clearTimeout(this.#pause);
    }
    const { signal, parent } = this.#options;
    signal?.removeEventListener('abort', this);
    parent?.signal.removeEventListener('abort', this);
  }
}
