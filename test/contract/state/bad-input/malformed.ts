import { type DescMethod, fromBinary, ScalarType } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { type Client, Metadata, type ServiceError } from '@grpc/grpc-js';
import { ErrorInfoSchema } from '#gen/google/rpc/error_details_pb.ts';
import { StatusSchema } from '#gen/google/rpc/status_pb.ts';
import { envelopeBytes } from '#test/doors/raw-http.ts';

/** A body that is no request, and what it is, for people. */
export interface MalformedBody {
  readonly flaw: string;
  readonly body: Uint8Array;
}

const LENGTH_DELIMITED = 2;
const PATIENCE_MS = 10_000;

/** Bytes that are no message of an RPC's request. */
export function malformedBytes({ input }: DescMethod): readonly MalformedBody[] {
  const text = input.fields.find(({ fieldKind, scalar }) => fieldKind === 'scalar' && scalar === ScalarType.STRING);
  return [
    { flaw: 'a field that goes beyond the end', body: Uint8Array.of(0x0a, 0x7f, 0x41) },
    { flaw: 'a wire type that there is not', body: Uint8Array.of(0x0f) },
    { flaw: 'field number 0', body: Uint8Array.of(0x02, 0x00) },
    ...(text === undefined
      ? []
      : [
          {
            flaw: `bytes that are no UTF-8 in ${text.name}`,
            body: Uint8Array.of((text.number << 3) | LENGTH_DELIMITED, 2, 0xc3, 0x28),
          },
        ]),
  ];
}

/** Texts that are no JSON of an RPC's request. One with an unknown field is: a newer client may send it. */
export function malformedJson({ input }: DescMethod): readonly MalformedBody[] {
  const first = input.fields.find(({ fieldKind, scalar }) => fieldKind === 'scalar' && scalar === ScalarType.STRING);
  return [
    { flaw: 'no JSON', body: Buffer.from('{"a":') },
    { flaw: 'JSON that is no object', body: Buffer.from('[]') },
    ...(first === undefined
      ? []
      : [{ flaw: `a number in ${first.name}`, body: Buffer.from(`{"${first.jsonName}":1}`) }]),
  ];
}

/** Sends bytes as the first message of a call of gRPC, and answers code and reason. */
export function sendBytes(client: Client, { parent, name, methodKind }: DescMethod, body: Uint8Array): Promise<string> {
  const path = `/${parent.typeName}/${name}`;
  const asIs = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
  const metadata = new Metadata();
  metadata.set('authorization', 'Bearer root');
  return new Promise((resolve) => {
    const done = (error: Error | null): void => resolve(error === null ? 'answered' : toldBy(error as ServiceError));
    switch (methodKind) {
      case 'unary':
        client.makeUnaryRequest(path, asIs, asIs, body, metadata, done);
        break;
      case 'client_streaming':
        client.makeClientStreamRequest(path, asIs, asIs, metadata, done).end(body);
        break;
      case 'server_streaming':
        client.makeServerStreamRequest(path, asIs, asIs, body, metadata).on('error', done).resume();
        break;
      case 'bidi_streaming': {
        const call = client.makeBidiStreamRequest(path, asIs, asIs, metadata);
        call.on('error', done).resume();
        call.write(body);
      }
    }
  });
}

function toldBy({ metadata }: ServiceError): string {
  const [bytes] = metadata.get('grpc-status-details-bin');
  const { details } = fromBinary(StatusSchema, bytes as Buffer);
  const info = details.map((detail) => anyUnpack(detail, ErrorInfoSchema)).find((found) => found !== undefined);
  return info?.reason ?? 'no reason';
}

/** Posts a text as the JSON of a call, and answers code and reason as they stand in what came back. */
export async function sendJson(
  address: string,
  { parent, name, methodKind }: DescMethod,
  body: Uint8Array,
): Promise<string> {
  const isUnary = methodKind === 'unary';
  const response = await fetch(`http://${address}/${parent.typeName}/${name}`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer root',
      'content-type': isUnary ? 'application/json' : 'application/connect+json',
      'connect-protocol-version': '1',
    },
    body: isUnary ? Buffer.from(body) : envelopeBytes(body),
    // A stream that is answered may go on for ever.
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  return /"reason":"([A-Z_]+)"/.exec(await response.text())?.[1] ?? 'no reason';
}
