import { toBinary } from '@bufbuild/protobuf';
import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import { type Definition, DefinitionSchema } from '#gen/millrace/workflow/v1/definition_pb.ts';
import type { SignalDeclaration } from '#gen/millrace/workflow/v1/function_pb.ts';
import { DomainError, type FieldViolation } from '#libs/errors/domain-error.ts';
import { contentTypeOf, inlineBytes } from './definition-from-proto.ts';

/** Bytes of a definition as it is stored: an opaque document and a schema of 1 MiB each, with something to spare. */
const MAX_DEFINITION_BYTES = 2.5 * 1024 * 1024;

const JSON_TYPE = /^application\/([\w.+-]+\+)?json(;.*)?$/i;

/**
 * Checks what the rules of the protos cannot say: signals that are named once, documents and schemas that are JSON and
 * come with the message.
 *
 * @throws INVALID_FIELDS with every fault and its path, PAYLOAD_TOO_LARGE.
 */
export function assertDefinition(definition: Definition): void {
  const { content } = definition;
  const violations = [
    ...(content.case === 'function' ? checkSignals(content.value.signals) : []),
    ...(content.case === 'opaque' ? checkDocument('definition.opaque', content.value) : []),
    ...checkSchema('definition.input_schema', definition.inputSchema),
    ...checkSchema('definition.output_schema', definition.outputSchema),
  ];
  const [first] = violations;
  if (first !== undefined) {
    throw new DomainError('INVALID_FIELDS', `${first.field} ${first.description}`, { violations });
  }
  const size = toBinary(DefinitionSchema, definition).length;
  if (size > MAX_DEFINITION_BYTES) {
    throw new DomainError(
      'PAYLOAD_TOO_LARGE',
      `definition has ${size} bytes, at most ${MAX_DEFINITION_BYTES} are kept`,
      {
        metadata: { field: 'definition', size: String(size), limit: String(MAX_DEFINITION_BYTES) },
      },
    );
  }
}

function checkSignals(signals: readonly SignalDeclaration[]): readonly FieldViolation[] {
  const seen = new Map<string, number>();
  return signals.flatMap(({ name, schema }, index) => {
    const field = `definition.function.signals[${index}]`;
    const first = seen.get(name);
    seen.set(name, first ?? index);
    const repeated = { field: `${field}.name`, description: `is the name of signals[${first}] too` };
    return [...(first === undefined ? [] : [repeated]), ...checkSchema(`${field}.schema`, schema)];
  });
}

/** Any JSON value; one that was encoded, encrypted for example, cannot be looked at. */
function checkDocument(field: string, payload: Payload): readonly FieldViolation[] {
  if (payload.value.case === 'ref') {
    return [{ field: `${field}.ref`, description: 'must come with the message, not as a reference' }];
  }
  if (!JSON_TYPE.test(contentTypeOf(payload))) {
    return [{ field: `${field}.content_type`, description: 'must be application/json or end in +json' }];
  }
  return payload.encodings.length > 0 || maybeJson(payload) !== undefined
    ? []
    : [{ field, description: 'must be a JSON text in UTF-8' }];
}

function checkSchema(field: string, schema: Payload | undefined): readonly FieldViolation[] {
  if (schema === undefined) {
    return [];
  }
  const faults = checkDocument(field, schema);
  if (faults.length > 0) {
    return faults;
  }
  if (schema.encodings.length > 0) {
    return [{ field: `${field}.encodings`, description: 'must be empty: the server reads the schema' }];
  }
  const json = maybeJson(schema)?.value;
  const isSchema = typeof json === 'boolean' || (typeof json === 'object' && json !== null && !Array.isArray(json));
  return isSchema ? [] : [{ field, description: 'must be a JSON schema: an object, true or false' }];
}

function maybeJson(payload: Payload): { readonly value: unknown } | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(inlineBytes(payload));
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
