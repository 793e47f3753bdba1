import { setTimeout as sleep } from 'node:timers/promises';
import type { DescMessage, Message, MessageInitShape } from '@bufbuild/protobuf';
import { DomainError } from '#libs/errors/domain-error.ts';
import { abortError } from './abort-error.ts';
import { type CallOptions, type CompleteClientOptions, deadlineOf } from './call-options.ts';
import type { RpcChannel } from './channel.ts';
import { encodeRequest, type MethodPlan } from './method-plan.ts';
import { maybeRetryDelayMs } from './retry-policy.ts';
import { StreamCall } from './stream-call.ts';

/** The answers to one request. Each iteration is a call of its own, which starts when the first answer is asked for. */
export function serverStream(
  channel: RpcChannel,
  plan: MethodPlan,
  client: CompleteClientOptions,
  request: MessageInitShape<DescMessage>,
  options: CallOptions,
): AsyncIterable<Message> {
  return { [Symbol.asyncIterator]: () => new ServerStreamReader(channel, plan, client, request, options) };
}

/**
 * Reads one server stream. It is new, opening (attempts run until one answers) or open. Only while it opens is the call
 * repeated: what was given to the reader cannot be taken back.
 */
class ServerStreamReader implements AsyncIterableIterator<Message, undefined> {
  readonly #channel: RpcChannel;
  readonly #plan: MethodPlan;
  readonly #client: CompleteClientOptions;
  readonly #request: MessageInitShape<DescMessage>;
  readonly #options: CallOptions;
  readonly #stop = new AbortController();
  #opening: Promise<IteratorResult<Message, undefined>> | undefined;
  #isOpen = false;
  #stream: StreamCall | undefined;

  constructor(
    channel: RpcChannel,
    plan: MethodPlan,
    client: CompleteClientOptions,
    request: MessageInitShape<DescMessage>,
    options: CallOptions,
  ) {
    this.#channel = channel;
    this.#plan = plan;
    this.#client = client;
    this.#request = request;
    this.#options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    if (this.#isOpen) {
      return this.#stream?.messages.next() ?? Promise.resolve({ done: true, value: undefined });
    }
    if (this.#opening !== undefined) {
      const after = (): Promise<IteratorResult<Message, undefined>> => this.next();
      return this.#opening.then(after, after);
    }
    this.#opening = this.#open().finally(() => {
      this.#isOpen = true;
    });
    return this.#opening;
  }

  async return(): Promise<IteratorResult<Message, undefined>> {
    this.#isOpen = true;
    this.#stop.abort();
    await this.#stream?.messages.return();
    return { done: true, value: undefined };
  }

  async #open(): Promise<IteratorResult<Message, undefined>> {
    const { newRequestId, retry, random } = this.#client;
    const deadline = deadlineOf(this.#options, Number.POSITIVE_INFINITY);
    const request = encodeRequest(this.#plan, this.#request, newRequestId, this.#channel.maxMessageBytes);
    for (let attempts = 1; ; attempts += 1) {
      const stream = new StreamCall(this.#channel, this.#plan, this.#client, this.#options, deadline);
      this.#stream = stream;
      stream.sendOnly(request);
      try {
        return await stream.messages.next();
      } catch (error) {
        const delayMs =
          this.#plan.isRepeatable && error instanceof DomainError
            ? maybeRetryDelayMs(retry, attempts, error, deadline, random)
            : undefined;
        if (delayMs === undefined) {
          throw error;
        }
        await this.#pause(delayMs);
        if (this.#stop.signal.aborted) {
          return { done: true, value: undefined };
        }
      }
    }
  }

  /** Ends early when the reader stops. */
  async #pause(delayMs: number): Promise<void> {
    const { signal, parent } = this.#options;
    const signals = [this.#stop.signal, signal, parent?.signal].filter((one) => one !== undefined);
    try {
      await sleep(delayMs, undefined, { signal: AbortSignal.any(signals) });
    } catch {
      const aborted = [signal, parent?.signal].find((one) => one?.aborted);
      if (aborted !== undefined) {
        throw abortError(aborted.reason);
      }
    }
  }
}
