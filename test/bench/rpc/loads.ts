import { Agent, request as httpRequest } from 'node:http';
import { create, type Message, toBinary } from '@bufbuild/protobuf';
import { Client, credentials } from '@grpc/grpc-js';
import {
  ChatRequestSchema,
  ChatResponseSchema,
  EchoRequestSchema,
  EchoResponseSchema,
  FrameSchema,
} from '#gen/millrace/test/v1/echo_service_pb.ts';
import { decoder, encoder } from './bare-server.ts';

/** Calls under way at once. */
const IN_FLIGHT = 32;
/** Messages of the stream under way at once, and what is in each. */
const STREAM_IN_FLIGHT = 8;
const FRAMES_PER_MESSAGE = 64;
const FRAME_BYTES = 100;

const SERVICE_PATH = '/millrace.test.v1.EchoService';

/** Something to repeat for a while; answers how often it was done. */
export type Load = (ms: number) => Promise<number>;

const echoRequest = create(EchoRequestSchema, { id: 'order-42', priority: 3, tags: ['gpu', 'eu'] });

/** Unary calls through a gRPC port. */
export function grpcUnaryLoad(address: string): Load {
  const client = new Client(address, credentials.createInsecure());
  const encode = encoder(EchoRequestSchema);
  const decode = decoder(EchoResponseSchema);
  const once = (): Promise<void> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest<Message, Message>(`${SERVICE_PATH}/Echo`, encode, decode, echoRequest, (error) => {
        if (error === null) {
          resolve();
        } else {
          reject(error);
        }
      });
    });
  return (ms) => repeat(once, IN_FLIGHT, ms);
}

/** Unary calls through the HTTP door, by Connect over HTTP/1.1, in Protobuf or in JSON. */
export function httpUnaryLoad(address: string, codec: 'proto' | 'json'): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  const { id, priority, tags } = echoRequest;
  const body =
    codec === 'proto' ? toBinary(EchoRequestSchema, echoRequest) : Buffer.from(JSON.stringify({ id, priority, tags }));
  const once = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const call = httpRequest(
        `http://${address}${SERVICE_PATH}/Echo`,
        {
          agent,
          method: 'POST',
          headers: {
            'content-type': `application/${codec}`,
            'connect-protocol-version': '1',
            'content-length': body.length,
          },
        },
        (response) => {
          response.on('error', reject);
          response.on('end', () =>
            response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`)),
          );
          response.resume();
        },
      );
      call.on('error', reject);
      call.end(body);
    });
  return (ms) => repeat(once, IN_FLIGHT, ms);
}

/** Batched messages on one stream through a gRPC port. */
export function grpcStreamLoad(address: string): Load {
  const client = new Client(address, credentials.createInsecure());
  const frames = Array.from({ length: FRAMES_PER_MESSAGE }, (_, i) =>
    create(FrameSchema, { id: `run-${i}`, sequence: BigInt(i), data: new Uint8Array(FRAME_BYTES).fill(120) }),
  );
  const message = create(ChatRequestSchema, { frames });
  return (ms) =>
    new Promise((resolve, reject) => {
      const stream = client.makeBidiStreamRequest<Message, Message>(
        `${SERVICE_PATH}/Chat`,
        encoder(ChatRequestSchema),
        decoder(ChatResponseSchema),
      );
      const until = performance.now() + ms;
      let answered = 0;
      let underWay = STREAM_IN_FLIGHT;
      stream.on('data', () => {
        answered += 1;
        if (performance.now() < until) {
          stream.write(message);
        } else {
          underWay -= 1;
          if (underWay === 0) {
            stream.end();
          }
        }
      });
      stream.on('error', reject);
      stream.on('end', () => resolve(answered));
      for (let i = 0; i < STREAM_IN_FLIGHT; i += 1) {
        stream.write(message);
      }
    });
}

async function repeat(once: () => Promise<void>, inFlight: number, ms: number): Promise<number> {
  const until = performance.now() + ms;
  let done = 0;
  const loop = async (): Promise<void> => {
    while (performance.now() < until) {
      await once();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  return done;
}
