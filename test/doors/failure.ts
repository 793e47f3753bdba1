import { durationMs } from '@bufbuild/protobuf/wkt';
import { ConnectError } from '@connectrpc/connect';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '#gen/google/rpc/error_details_pb.ts';
import { CODE_NAMES } from '#libs/rpc/errors/code.ts';

/** All that a caller can read of a call that failed. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly reason: string | undefined;
  readonly domain: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** The violated fields with their rules. */
  readonly violations: readonly { readonly field: string; readonly description: string; readonly rule: string }[];
  readonly retryAfterMs: number | undefined;
  readonly requestId: string | null;
}

/** The failure of a call that must fail. */
export async function failureOf(call: Promise<unknown>): Promise<Failure> {
  try {
    await call;
  } catch (error) {
    return readFailure(error);
  }
  throw new TypeError('the call did not fail');
}

/** The failure of a stream of answers that must fail. */
export function failureOfStream(answers: AsyncIterable<unknown>): Promise<Failure> {
  return failureOf(readAll(answers));
}

/** All answers of a stream. */
export async function readAll<T>(answers: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const answer of answers) {
    read.push(answer);
  }
  return read;
}

/** Reads what a client of connect threw. */
function readFailure(error: unknown): Failure {
  const failure = ConnectError.from(error);
  const [info] = failure.findDetails(ErrorInfoSchema);
  const [retry] = failure.findDetails(RetryInfoSchema);
  return {
    code: CODE_NAMES[failure.code],
    message: failure.rawMessage,
    reason: info?.reason,
    domain: info?.domain,
    metadata: info?.metadata ?? {},
    violations: failure
      .findDetails(BadRequestSchema)
      .flatMap(({ fieldViolations }) => fieldViolations)
      .map(({ field, description, reason }) => ({ field, description, rule: reason })),
    retryAfterMs: retry?.retryDelay === undefined ? undefined : durationMs(retry.retryDelay),
    requestId: failure.metadata.get('x-request-id'),
  };
}
