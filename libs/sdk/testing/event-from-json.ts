import {
  create,
  type DescEnum,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonValue,
  ScalarType,
} from '@bufbuild/protobuf';
import { DurationSchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { type Payload, PayloadSchema } from '#gen/millrace/common/v1/payload_pb.ts';
import { type AttributeValue, AttributeValueSchema } from '#gen/millrace/state/v1/attribute_pb.ts';
import { type Event, EventSchema } from '#gen/millrace/state/v1/event_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * An event of `millrace run history --json`. What this release does not know is left out. A payload that is null may have
 * been undefined, which the text does not tell: it is undefined.
 *
 * @throws INVALID_FIELDS for what is no event, naming `field`.
 */
export function eventFromJson(json: unknown, field: string): Event {
  try {
    return messageOf(EventSchema, json) as Event;
  } catch (cause) {
    const description = 'must be an event as millrace run history --json prints it';
    throw new DomainError('INVALID_FIELDS', `${field} ${description}`, {
      violations: [{ field, description }],
      cause,
    });
  }
}

function messageOf(desc: DescMessage, json: unknown): unknown {
  switch (desc.typeName) {
    case TimestampSchema.typeName:
      return fromJson(TimestampSchema, json as JsonValue);
    case DurationSchema.typeName:
      return fromJson(DurationSchema, json as JsonValue);
    case PayloadSchema.typeName:
      return payloadOf(objectOf(json));
    case AttributeValueSchema.typeName:
      return attributeOf(json);
    default:
      return fieldsOf(desc, objectOf(json));
  }
}

function fieldsOf(desc: DescMessage, json: JsonObject): unknown {
  const message: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(json)) {
    const field = desc.field[name];
    if (field === undefined) continue;
    const value = fieldOf(field, given);
    // Beside the fields of a choice its own name says which of them is there.
    if (field.oneof === undefined) message[field.localName] = value;
    else message[field.oneof.localName] = { case: field.localName, value };
  }
  return create(desc, message);
}

function fieldOf(field: DescField, json: unknown): unknown {
  switch (field.fieldKind) {
    case 'list':
      if (!Array.isArray(json)) throw new TypeError(`${field.name} is no list`);
      return json.map((one: unknown) => memberOf(field, one));
    case 'map':
      return Object.fromEntries(Object.entries(objectOf(json)).map(([key, one]) => [key, memberOf(field, one)]));
    case 'enum':
      return enumOf(field.enum, json);
    case 'message':
      return messageOf(field.message, json);
    case 'scalar':
      return scalarOf(field.scalar, json);
  }
}

function memberOf(field: DescField & { fieldKind: 'list' | 'map' }, json: unknown): unknown {
  if (field.enum !== undefined) return enumOf(field.enum, json);
  return field.message === undefined ? scalarOf(field.scalar, json) : messageOf(field.message, json);
}

function enumOf(desc: DescEnum, json: unknown): number {
  const number = desc.values.find(({ localName }) => localName === json)?.number ?? Number(json);
  if (Number.isNaN(number)) throw new TypeError(`${String(json)} is no ${desc.name}`);
  return number;
}

function scalarOf(type: ScalarType, json: unknown): unknown {
  switch (type) {
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return BigInt(json as number | string);
    case ScalarType.STRING:
    case ScalarType.BOOL:
      return json;
    case ScalarType.BYTES:
      return Buffer.from(textOf(json), 'base64');
    default:
      return Number(json);
  }
}

function payloadOf({ contentType = '', encodings = [], value, data, ref }: JsonObject): Payload {
  const payload = create(PayloadSchema, { contentType: textOf(contentType), encodings: encodings as string[] });
  if (ref !== undefined) {
    const { sha256, size } = objectOf(ref);
    const bytes = Buffer.from(textOf(sha256), 'hex');
    payload.value = {
      case: 'ref',
      value: { $typeName: 'millrace.common.v1.PayloadRef', sha256: bytes, size: BigInt(size as number), uploadId: '' },
    };
  } else if (data !== undefined) {
    payload.value = { case: 'data', value: Buffer.from(textOf(data), 'base64') };
  } else if (value !== undefined && value !== null) {
    payload.value = { case: 'data', value: Buffer.from(JSON.stringify(value)) };
  }
  return payload;
}

/** The text does not tell a moment from a keyword, nor an integer from a double: no function is given attributes. */
function attributeOf(json: unknown): AttributeValue {
  const kind: AttributeValue['kind'] = Array.isArray(json)
    ? {
        case: 'keywordList',
        value: { $typeName: 'millrace.state.v1.KeywordList', values: json.map((one) => String(one)) },
      }
    : typeof json === 'boolean'
      ? { case: 'booleanValue', value: json }
      : typeof json === 'number'
        ? { case: 'doubleValue', value: json }
        : { case: 'keywordValue', value: String(json) };
  return { $typeName: 'millrace.state.v1.AttributeValue', kind };
}

function objectOf(json: unknown): JsonObject {
  if (typeof json !== 'object' || json === null) throw new TypeError('is no object');
  return json as JsonObject;
}

function textOf(json: unknown): string {
  if (typeof json !== 'string') throw new TypeError('is no text');
  return json;
}
