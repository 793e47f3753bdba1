import type { AttributeValue as AttributeMessage } from '#gen/millrace/state/v1/attribute_pb.ts';
import type { Attributes, AttributeValue } from '#libs/engine/model/attribute.ts';
import { assertPlain } from './control-character.ts';
import { invalidField } from './invalid-field.ts';
import { timeFromTimestamp, timestampFromTime } from './timestamp.ts';

/** Attributes by name, as messages hold them. */
export type AttributeMessages = Record<string, AttributeMessage>;

/**
 * One attribute. `field` is its path.
 *
 * @throws INVALID_FIELDS naming the field for no value, or a moment that is none.
 */
export function attributeFromProto({ kind }: AttributeMessage, field: string): AttributeValue {
  switch (kind.case) {
    case 'keywordValue':
      return { kind: 'keyword', value: kind.value };
    case 'integerValue':
      return { kind: 'integer', value: kind.value };
    case 'doubleValue':
      return { kind: 'double', value: kind.value };
    case 'booleanValue':
      return { kind: 'boolean', value: kind.value };
    case 'pointInTime':
      return { kind: 'time', value: timeFromTimestamp(kind.value, `${field}.point_in_time`) };
    case 'keywordList':
      return { kind: 'keywordList', value: kind.value.values };
    case undefined:
      throw invalidField(field, 'must have a value');
  }
}

/**
 * Attributes by name; `field` is the path of the map.
 *
 * @throws INVALID_FIELDS as `attributeFromProto`, and for a name with control characters.
 */
export function attributesFromProto(messages: Readonly<AttributeMessages>, field: string): Attributes {
  // By entries, because an attribute may well be called `__proto__`.
  return Object.fromEntries(
    Object.entries(messages).map(([name, message]) => {
      const path = attributePath(field, name);
      assertPlain(name, path);
      return [name, attributeFromProto(message, path)];
    }),
  );
}

/** The path of an attribute in a map. */
export function attributePath(field: string, name: string): string {
  return `${field}["${name}"]`;
}

/** One attribute on the wire. */
export function attributeToProto(value: AttributeValue): AttributeMessage {
  return { $typeName: 'millrace.state.v1.AttributeValue', kind: kindOf(value) };
}

/** Attributes on the wire, from an object's entries or a map. */
export function attributesToProto(attributes: Iterable<readonly [string, AttributeValue]>): AttributeMessages {
  return Object.fromEntries(Array.from(attributes, ([name, value]) => [name, attributeToProto(value)]));
}

function kindOf(attribute: AttributeValue): AttributeMessage['kind'] {
  switch (attribute.kind) {
    case 'keyword':
      return { case: 'keywordValue', value: attribute.value };
    case 'integer':
      return { case: 'integerValue', value: attribute.value };
    case 'double':
      return { case: 'doubleValue', value: attribute.value };
    case 'boolean':
      return { case: 'booleanValue', value: attribute.value };
    case 'time':
      return { case: 'pointInTime', value: timestampFromTime(attribute.value) };
    case 'keywordList':
      return {
        case: 'keywordList',
        value: { $typeName: 'millrace.state.v1.KeywordList', values: [...attribute.value] },
      };
  }
}
