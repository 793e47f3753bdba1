import {
  create,
  createFileRegistry,
  type DescMessage,
  type DescMethodUnary,
  type DescService,
} from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';

const REQUEST = 'millrace.test.client.MutateRequest';

const file = create(FileDescriptorProtoSchema, {
  name: 'millrace/test/client/mutation_service.proto',
  package: 'millrace.test.client',
  syntax: 'proto3',
  messageType: [
    {
      name: 'MutateRequest',
      field: [
        { name: 'request_id', number: 3, type: Type.STRING, label: Label.OPTIONAL, jsonName: 'requestId' },
        { name: 'value', number: 4, type: Type.STRING, label: Label.OPTIONAL, jsonName: 'value' },
      ],
    },
  ],
  service: [
    {
      name: 'MutationService',
      method: [{ name: 'Mutate', inputType: `.${REQUEST}`, outputType: `.${REQUEST}` }],
    },
  ],
});

const found = createFileRegistry(file, () => undefined).getService('millrace.test.client.MutationService');
if (found === undefined) {
  throw new TypeError('the test service is missing');
}

/** A service whose one method names no idempotency level, but whose request has a `request_id`; it answers its request. */
export const MutationService = found as DescService & {
  readonly method: { readonly mutate: DescMethodUnary<DescMessage, DescMessage> };
};

/** A request of it, as both sides see it. */
export interface MutateRequest {
  readonly requestId: string;
  readonly value: string;
}
