import { create, type DescField, type DescMessage, type Message, ScalarType } from '@bufbuild/protobuf';
import { isOneofRequired, rulesOf, type ValueRules } from './field-rules.ts';

/** An id that keeps the pattern of incarnations and sessions. */
const SOME_UUID = '01980000-0000-7000-8000-00000000beef';

/** The least that a message of a type must have to keep its rules. */
export function smallestMessage(desc: DescMessage): Message {
  const message = create(desc);
  for (const field of desc.fields) {
    const { isRequired, value, items } = rulesOf(field);
    if (field.oneof !== undefined || field.fieldKind === 'map') continue;
    if (field.fieldKind === 'list') {
      if (items.min > 0) setField(message, field, [smallestElement(field)]);
    } else if (field.fieldKind === 'message' ? isRequired : needsValue(value)) {
      setField(message, field, smallestElement(field));
    }
  }
  for (const oneof of desc.oneofs) {
    const [first] = oneof.fields;
    if (isOneofRequired(oneof) && first !== undefined) setField(message, first, smallestElement(first));
  }
  return message;
}

/** The least that a field, an item of a list or a value of a map may hold when it is there. */
export function smallestElement(field: DescField): unknown {
  const { value, isRequired } = rulesOf(field);
  if (field.message !== undefined) {
    const message = smallestMessage(field.message);
    const gte = value.gte;
    return typeof gte === 'object' ? { ...message, ...gte, $typeName: message.$typeName } : message;
  }
  if (field.enum !== undefined) return field.enum.values.find(({ number }) => number !== 0)?.number ?? 0;
  switch (field.scalar) {
    case ScalarType.STRING:
      return value.pattern === undefined ? 'x' : textFor(value.pattern);
    case ScalarType.BYTES:
      return new Uint8Array(value.len ?? 1);
    case ScalarType.BOOL:
      return true;
    case ScalarType.INT64:
      return (value.gte as bigint | undefined) ?? 1n;
    default:
      return (value.gte as number | undefined) ?? (isRequired ? 1 : 0);
  }
}

/** A text that keeps a pattern of the protos: an id, a digest, or nothing. */
function textFor(pattern: string): string {
  const found = [SOME_UUID, 'a'.repeat(64), ''].find((text) => new RegExp(pattern).test(text));
  if (found === undefined) throw new TypeError(`no text of this table keeps ${pattern}`);
  return found;
}

function needsValue({ minBytes, minLen, gte, notIn, isTrue, len }: ValueRules): boolean {
  const isPositive = (typeof gte === 'number' || typeof gte === 'bigint') && gte > 0;
  return minBytes > 0 || minLen > 0 || isPositive || notIn.includes(0) || isTrue || (len ?? 0) > 0;
}

/** Sets a field of a message, that of a oneof by its case; undefined clears it. */
export function setField(message: Message, field: DescField, value: unknown): void {
  const target = message as unknown as Record<string, unknown>;
  if (field.oneof === undefined) target[field.localName] = value;
  else if (value === undefined) target[field.oneof.localName] = { case: undefined };
  else target[field.oneof.localName] = { case: field.localName, value };
}

/** What a field of a message holds; undefined where it is not there. */
export function getField(message: Message, field: DescField): unknown {
  const source = message as unknown as Readonly<Record<string, unknown>>;
  if (field.oneof === undefined) return source[field.localName];
  const oneof = source[field.oneof.localName] as { readonly case: string | undefined; readonly value?: unknown };
  return oneof.case === field.localName ? oneof.value : undefined;
}
