import {
  create,
  type DescField,
  type DescMessage,
  type DescMethod,
  type DescService,
  type Message,
  type MessageInitShape,
  ScalarType,
} from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { DomainError } from '#libs/errors/domain-error.ts';
import { codecOf } from '../codec/codec.ts';

/** What a client knows of a method before any call. */
export interface MethodPlan {
  readonly method: DescMethod;
  /** `/package.Service/Method`. */
  readonly path: string;
  /** The request's `request_id`: the server carries out one id once, so that calls with one are safe to repeat. */
  readonly requestIdField: DescField | undefined;
  /** Whether a call may be repeated: by its idempotency level or by its request id. */
  readonly isRepeatable: boolean;
}

const plans = new WeakMap<DescService, readonly MethodPlan[]>();

/** The plans of a service's methods, made once. */
export function plansOf(service: DescService): readonly MethodPlan[] {
  let found = plans.get(service);
  if (found === undefined) {
    found = service.methods.map(planOf);
    plans.set(service, found);
  }
  return found;
}

function planOf(method: DescMethod): MethodPlan {
  const { idempotency, input, name, parent } = method;
  const requestIdField = input.fields.find(
    (field) => field.name === 'request_id' && field.fieldKind === 'scalar' && field.scalar === ScalarType.STRING,
  );
  const isIdempotent = idempotency === IdempotencyLevel.NO_SIDE_EFFECTS || idempotency === IdempotencyLevel.IDEMPOTENT;
  return {
    method,
    path: `/${parent.typeName}/${name}`,
    requestIdField,
    isRepeatable: isIdempotent || requestIdField !== undefined,
  };
}

/**
 * Encodes a request. An empty `request_id` is made up, so that every attempt of the call carries the same one; the
 * caller's object stays as it is.
 *
 * @throws MALFORMED for what is no such message, PAYLOAD_TOO_LARGE above `maxBytes`.
 */
export function encodeRequest(
  { method, requestIdField }: MethodPlan,
  request: MessageInitShape<DescMessage>,
  newRequestId: () => string,
  maxBytes: number,
): Buffer {
  let bytes: Buffer;
  try {
    const message = create(method.input, request);
    bytes = codecOf(method.input).encode(message);
    if (requestIdField !== undefined && !(message as unknown as Record<string, unknown>)[requestIdField.localName]) {
      // Of a field that occurs twice on the wire the last one counts.
      const writer = new BinaryWriter().raw(bytes);
      bytes = Buffer.from(writer.tag(requestIdField.number, WireType.LengthDelimited).string(newRequestId()).finish());
    }
  } catch (cause) {
    throw new DomainError('MALFORMED', `the request is no ${method.input.typeName}`, { cause });
  }
  if (bytes.length > maxBytes) {
    const metadata = { size: String(bytes.length), maximum: String(maxBytes) };
    throw new DomainError('PAYLOAD_TOO_LARGE', `a message of ${bytes.length} bytes is above ${maxBytes}`, { metadata });
  }
  return bytes;
}

/** @throws INTERNAL when the bytes are no such message. */
export function decodeResponse({ method, path }: MethodPlan, bytes: Buffer): Message {
  try {
    // Plain, because callers are promised no Buffers.
    return codecOf(method.output).decode(bytes, true);
  } catch (cause) {
    throw new DomainError('INTERNAL', `the answer of ${path} does not decode`, { cause });
  }
}
