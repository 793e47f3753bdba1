import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { AttributeValue } from '#gen/millrace/state/v1/attribute_pb.ts';

/**
 * A value by which runs are found: a text is a keyword, a number a double, a bigint an integer, a Date a moment. The type
 * of a name is fixed by its first use.
 */
export type Attribute = string | number | bigint | boolean | Date | readonly string[];

/** Attributes as they travel. */
export function attributesToProto(attributes: Readonly<Record<string, Attribute>>): Record<string, AttributeValue> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]): [string, AttributeValue] => [
      name,
      { $typeName: 'millrace.state.v1.AttributeValue', kind: kindOf(value) },
    ]),
  );
}

function kindOf(value: Attribute): AttributeValue['kind'] {
  switch (typeof value) {
    case 'string':
      return { case: 'keywordValue', value };
    case 'number':
      return { case: 'doubleValue', value };
    case 'bigint':
      return { case: 'integerValue', value };
    case 'boolean':
      return { case: 'booleanValue', value };
    default:
      if (value instanceof Date) return { case: 'pointInTime', value: timestampFromDate(value) };
      return { case: 'keywordList', value: { $typeName: 'millrace.state.v1.KeywordList', values: [...value] } };
  }
}
