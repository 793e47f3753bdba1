import type { DescMethod, Message } from '@bufbuild/protobuf';
import type { CallOptions, Transport } from '@connectrpc/connect';
import { type Failure, failureOf } from '#test/doors/failure.ts';

/** How long an answer may take that should be a refusal. */
const PATIENCE_MS = 10_000;
/** So many calls at once: enough to keep both sides busy. */
const BATCH = 32;

/** Sends a request of an RPC of any kind, and answers how it failed; undefined: it was answered. */
export async function failureOfCall(
  transport: Transport,
  method: DescMethod,
  request: Message,
  { headers }: CallOptions,
): Promise<Failure | undefined> {
  let isAnswered = false;
  const call = answerOf(transport, method, request, headers).then(() => {
    isAnswered = true;
  });
  const failure = await failureOf(call).catch((error: unknown) => {
    if (isAnswered) return undefined;
    throw error;
  });
  return failure;
}

/** Waits for the first answer, or for the end. */
async function answerOf(
  transport: Transport,
  method: DescMethod,
  request: Message,
  headers: CallOptions['headers'],
): Promise<void> {
  if (method.methodKind === 'unary') {
    await transport.unary(method as DescMethod & { methodKind: 'unary' }, undefined, PATIENCE_MS, headers, request);
    return;
  }
  const leaving = new AbortController();
  async function* requests(): AsyncGenerator<Message> {
    yield request;
    if (method.methodKind !== 'bidi_streaming') return;
    // A stream that the caller has ended may end without an answer.
    await new Promise((resolve) => leaving.signal.addEventListener('abort', resolve));
  }
  try {
    const streaming = method as DescMethod & { methodKind: 'bidi_streaming' };
    const answers = await transport.stream(streaming, leaving.signal, PATIENCE_MS, headers, requests());
    for await (const _ of answers.message) return;
  } finally {
    leaving.abort();
  }
}

/** Does something with each of many, some at a time, and answers what was told of them, without the undefined ones. */
export async function inBatches<T, R>(all: readonly T[], act: (one: T) => Promise<R | undefined>): Promise<R[]> {
  const found: R[] = [];
  for (let at = 0; at < all.length; at += BATCH) {
    const results = await Promise.all(all.slice(at, at + BATCH).map(act));
    found.push(...results.filter((result) => result !== undefined));
  }
  return found;
}
