import { type DescEnum, type DescField, type DescMessage, type MessageShape, toJson } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect, type ScalarValue } from '@bufbuild/protobuf/reflect';
import { type Duration, DurationSchema, type Timestamp, TimestampSchema, timestampDate } from '@bufbuild/protobuf/wkt';
import { type Payload, PayloadSchema } from '#gen/millrace/common/v1/payload_pb.ts';
import { type AttributeValue, AttributeValueSchema } from '#gen/millrace/state/v1/attribute_pb.ts';
import { JSON_TYPE, payloadValue } from './payload-value.ts';

/** A JSON object, ready for `JSON.stringify`. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * A message as `--json` shows it: fields in camel case; enum values by their short names (`RUNNING`); moments as ISO
 * texts in UTC; durations as `1.5s`; whole numbers as numbers, as texts beyond 2^53; bytes in base64; what is absent
 * left out. Of each oneof the case is named: `kind: "timer"` beside `timer: {…}`. Attributes are plain values. A payload
 * is `{contentType, value}` when it is JSON, else `{contentType, encodings, data}` with base64, or `{…, ref}`.
 */
export function messageJson<D extends DescMessage>(schema: D, message: MessageShape<D>): JsonObject {
  return objectOf(reflect(schema, message));
}

/** The short name of an enum's value; its number when this release does not know it. */
export function enumName(desc: DescEnum, value: number): string {
  return desc.value[value]?.localName ?? String(value);
}

function objectOf(message: ReflectMessage): JsonObject {
  const object: Record<string, unknown> = {};
  for (const oneof of message.oneofs) {
    const chosen = message.oneofCase(oneof);
    if (chosen !== undefined) {
      object[oneof.localName] = chosen.localName;
    }
  }
  for (const field of message.fields) {
    // Without presence a field always has a value, so that programs find it.
    if (message.isSet(field) || isAlwaysThere(field)) {
      object[field.localName] = fieldOf(message, field);
    }
  }
  return object;
}

function isAlwaysThere(field: DescField): boolean {
  const isSingle = field.fieldKind === 'scalar' || field.fieldKind === 'enum';
  return field.fieldKind === 'list' || field.fieldKind === 'map' || (isSingle && !hasPresence(field));
}

function hasPresence(field: DescField): boolean {
  return field.oneof !== undefined || field.proto.proto3Optional;
}

function fieldOf(message: ReflectMessage, field: DescField): unknown {
  switch (field.fieldKind) {
    case 'list': {
      const { listKind } = field;
      return [...message.get(field)].map((one) => valueOf(listKind === 'enum' ? field.enum : undefined, one));
    }
    case 'map': {
      const desc = field.mapKind === 'enum' ? field.enum : undefined;
      return Object.fromEntries([...message.get(field)].map(([key, one]) => [key, valueOf(desc, one)]));
    }
    case 'enum':
      return valueOf(field.enum, message.get(field));
    case 'message':
      return messageOf(message.get(field));
    case 'scalar':
      return scalarOf(message.get(field));
  }
}

function valueOf(desc: DescEnum | undefined, value: unknown): unknown {
  if (desc !== undefined) {
    return enumName(desc, value as number);
  }
  return isReflected(value) ? messageOf(value) : scalarOf(value as ScalarValue);
}

function isReflected(value: unknown): value is ReflectMessage {
  return typeof value === 'object' && value !== null && 'desc' in value;
}

function messageOf(reflected: ReflectMessage): unknown {
  const { desc, message } = reflected;
  switch (desc.typeName) {
    case TimestampSchema.typeName:
      return timestampDate(message as Timestamp).toISOString();
    case DurationSchema.typeName:
      return toJson(DurationSchema, message as Duration);
    case PayloadSchema.typeName:
      return payloadJson(message as Payload);
    case AttributeValueSchema.typeName:
      return attributeJson(message as AttributeValue);
    default:
      return objectOf(reflected);
  }
}

function scalarOf(value: ScalarValue): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (value instanceof Uint8Array) {
    return base64Of(value);
  }
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

/** A payload as `--json` shows it; one that is absent is the value null. */
export function payloadJson(payload: Payload | undefined): JsonObject {
  const looked = payloadValue(payload);
  switch (looked.kind) {
    case 'json':
      return { contentType: payload?.contentType || JSON_TYPE, value: looked.value };
    case 'bytes':
      return { contentType: looked.contentType, encodings: looked.encodings, data: base64Of(looked.data) };
    case 'ref': {
      const { sha256, size } = looked.ref;
      const ref = { sha256: Buffer.from(sha256).toString('hex'), size: scalarOf(size) };
      return { contentType: looked.contentType, encodings: looked.encodings, ref };
    }
  }
}

/** An attribute as a plain value. */
export function attributeJson({ kind }: AttributeValue): unknown {
  switch (kind.case) {
    case 'pointInTime':
      return timestampDate(kind.value).toISOString();
    case 'keywordList':
      return kind.value.values;
    case undefined:
      return null;
    default:
      return scalarOf(kind.value);
  }
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
