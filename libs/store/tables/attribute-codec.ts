import type { Attributes, AttributeValue } from './attribute.ts';

/** A value in JSON: integers, and doubles that JSON has no number for, are texts. */
type Packed = readonly [
  name: string,
  type: AttributeValue['type'],
  value: string | number | boolean | readonly string[],
];

/** Packs attributes into a text. Equal attributes in equal order are equal texts. */
export function encodeAttributes(attributes: Attributes): string {
  return JSON.stringify(
    Object.entries(attributes).map(([name, { type, value }]): Packed => {
      const isText = typeof value === 'bigint' || (type === 'double' && !isJsonNumber(value));
      return [name, type, isText ? (Object.is(value, -0) ? '-0' : String(value)) : value];
    }),
  );
}

/** Unpacks what `encodeAttributes` packed. */
export function decodeAttributes(text: string): Attributes {
  const packed: readonly Packed[] = JSON.parse(text);
  return Object.fromEntries(packed.map(([name, type, value]) => [name, valueFromPacked(type, value)]));
}

function valueFromPacked(type: AttributeValue['type'], value: Packed[2]): AttributeValue {
  switch (type) {
    case 'integer':
      return { type, value: BigInt(value as string) };
    case 'double':
      return { type, value: Number(value) };
    default:
      return { type, value } as AttributeValue;
  }
}

function isJsonNumber(value: unknown): value is number {
  return Number.isFinite(value) && !Object.is(value, -0);
}
