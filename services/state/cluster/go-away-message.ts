import { create, type DescMessage, type Message } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import { GoAwaySchema } from '#gen/millrace/state/v1/stream_pb.ts';

/** The message of a stream that tells its caller to come back; absent for streams that have no such word. */
export function maybeGoAway(output: DescMessage, reason: string): Message | undefined {
  const field = output.fields.find((one) => one.message?.typeName === GoAwaySchema.typeName);
  if (field?.fieldKind !== 'message') return undefined;
  const message = reflect(output, create(output));
  message.set(field, reflect(GoAwaySchema, create(GoAwaySchema, { reason })));
  return message.message;
}
