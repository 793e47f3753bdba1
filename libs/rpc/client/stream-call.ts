import type { DescMessage, Message, MessageInitShape } from '@bufbuild/protobuf';
import { type InterceptingListener, status as Status, type StatusObject } from '@grpc/grpc-js';
import { DomainError } from '#libs/errors/domain-error.ts';
import { abortError, deadlinePassed } from './abort-error.ts';
import { callMetadata } from './call-metadata.ts';
import type { CallOptions, CompleteClientOptions } from './call-options.ts';
import type { GrpcCall, RpcChannel } from './channel.ts';
import { errorFromStatus } from './error-from-status.ts';
import { InboundQueue, type InboundSource } from './inbound-queue.ts';
import { decodeResponse, encodeRequest, type MethodPlan } from './method-plan.ts';
import { OutboundQueue } from './outbound-queue.ts';

/**
 * One streaming call of any kind. It is open from the start and ends once: by the status of the other side, by a
 * signal, by `abort`, or because nobody reads it any more. A call that cannot even start is one that has ended.
 */
export class StreamCall implements InterceptingListener, InboundSource<Message>, AsyncDisposable {
  readonly messages: InboundQueue<Message>;
  readonly #channel: RpcChannel;
  readonly #plan: MethodPlan;
  readonly #client: CompleteClientOptions;
  readonly #options: CallOptions;
  #call: GrpcCall | undefined;
  #outbound: OutboundQueue | undefined;
  #end: Error | undefined;

  /** `deadline` is a point in time as `Date.now()` counts, or Infinity. */
  constructor(
    channel: RpcChannel,
    plan: MethodPlan,
    client: CompleteClientOptions,
    options: CallOptions,
    deadline: number,
  ) {
    this.#channel = channel;
    this.#plan = plan;
    this.#client = client;
    this.#options = options;
    this.messages = new InboundQueue<Message>(this);
    try {
      this.#start(deadline);
    } catch (error) {
      const failure = error instanceof Error ? error : new DomainError('INTERNAL', 'no call', { cause: error });
      this.messages.end(failure);
      this.#over(failure);
    }
  }

  /** @throws what the stream ended with; MALFORMED, PAYLOAD_TOO_LARGE, OVERLOADED; CALLER_GONE after `close`. */
  send(message: MessageInitShape<DescMessage>): Promise<void> | undefined {
    if (this.#end !== undefined) {
      throw this.#end;
    }
    const { maxMessageBytes } = this.#channel;
    return this.#outbound?.send(encodeRequest(this.#plan, message, this.#client.newRequestId, maxMessageBytes));
  }

  /** Sends bytes of a request that was encoded before, as the only message. */
  sendOnly(request: Buffer): void {
    void this.#outbound?.send(request);
    this.#outbound?.close();
  }

  close(): void {
    this.#outbound?.close();
  }

  /** The one answer of a client stream. */
  async finish(): Promise<Message> {
    this.close();
    const answer = await this.messages.next();
    // The status follows the answer, and only an OK makes it count.
    const rest = answer.done === true ? answer : await this.messages.next();
    if (answer.done === true || rest.done !== true) {
      this.abort();
      throw new DomainError('INTERNAL', `${this.#plan.path} did not answer once`);
    }
    return answer.value;
  }

  abort(reason?: unknown): void {
    if (this.#end !== undefined) {
      return;
    }
    const error = abortError(reason);
    const call = this.#call;
    this.messages.abort(error);
    this.#over(error);
    call?.cancelWithStatus(Status.CANCELLED, 'aborted');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.abort();
  }

  /** One of the signals aborted. */
  handleEvent(event: Event): void {
    this.abort((event.target as AbortSignal).reason);
  }

  onReceiveMetadata(): void {}

  onReceiveMessage(message: Buffer): void {
    this.messages.push(message);
  }

  onReceiveStatus(status: StatusObject): void {
    if (this.#end !== undefined) {
      return;
    }
    if (status.code === Status.OK) {
      this.messages.end();
      this.#over(new DomainError('UNAVAILABLE', 'the stream has ended'));
    } else {
      const error = errorFromStatus(this.#plan.path, status);
      this.messages.end(error);
      this.#over(error);
    }
  }

  decode(bytes: Buffer): Message {
    return decodeResponse(this.#plan, bytes);
  }

  readMore(): void {
    this.#call?.startRead();
  }

  stopped(): void {
    this.abort();
  }

  #start(deadline: number): void {
    const { signal, parent } = this.#options;
    const parentSignal = parent?.signal;
    if (signal?.aborted || parentSignal?.aborted) {
      throw abortError((signal?.aborted ? signal : parentSignal)?.reason);
    }
    if (deadline <= Date.now()) {
      throw deadlinePassed();
    }
    const metadata = callMetadata(this.#channel, this.#options);
    const call = this.#channel.createCall(this.#plan.path, deadline);
    call.start(metadata, this);
    this.#call = call;
    this.#outbound = new OutboundQueue(call);
    this.messages.fill();
    signal?.addEventListener('abort', this);
    parentSignal?.addEventListener('abort', this);
  }

  #over(error: Error): void {
    this.#end = error;
    this.#call = undefined;
    this.#outbound?.end(error);
    const { signal, parent } = this.#options;
    signal?.removeEventListener('abort', this);
    parent?.signal.removeEventListener('abort', this);
  }
}
