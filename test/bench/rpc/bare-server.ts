import { create, type DescMessage, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import {
  type handleBidiStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import {
  type ChatRequest,
  type ChatResponse,
  ChatResponseSchema,
  type EchoRequest,
  type EchoResponse,
  EchoResponseSchema,
  EchoService,
} from '#gen/millrace/test/v1/echo_service_pb.ts';

/** The same calls by grpc-js alone: no authentication, validation, deadline, log or error details. */
export async function startBareServer(): Promise<{ readonly port: number; stop(): void }> {
  const echo: handleUnaryCall<EchoRequest, EchoResponse> = ({ request }, respond) => {
    const { id, priority, tags } = request;
    respond(null, create(EchoResponseSchema, { id, priority, tags }));
  };
  const chat: handleBidiStreamingCall<ChatRequest, ChatResponse> = (call) => {
    call.on('data', ({ frames }: ChatRequest) => call.write(create(ChatResponseSchema, { frames })));
    call.on('end', () => call.end());
  };
  const server = new Server();
  server.addService(definition(), { Echo: echo, Chat: chat });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) {
        resolve(bound);
      } else {
        reject(error);
      }
    });
  });
  return { port, stop: () => server.forceShutdown() };
}

function definition(): ServiceDefinition {
  const methods = [EchoService.method.echo, EchoService.method.chat];
  return Object.fromEntries(
    methods.map((method) => [
      method.name,
      {
        path: `/${EchoService.typeName}/${method.name}`,
        requestStream: method.methodKind === 'bidi_streaming',
        responseStream: method.methodKind === 'bidi_streaming',
        requestSerialize: encoder(method.input),
        requestDeserialize: decoder(method.input),
        responseSerialize: encoder(method.output),
        responseDeserialize: decoder(method.output),
      },
    ]),
  );
}

/** How a message becomes bytes. */
export function encoder(desc: DescMessage): (message: Message) => Buffer {
  return (message) => {
    const bytes = toBinary(desc, message);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}

/** How bytes become a message. */
export function decoder(desc: DescMessage): (bytes: Buffer) => Message {
  return (bytes) => fromBinary(desc, bytes);
}
