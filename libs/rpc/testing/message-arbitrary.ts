import {
  create,
  type DescEnum,
  type DescField,
  type DescMessage,
  getOption,
  hasOption,
  type Message,
  ScalarType,
} from '@bufbuild/protobuf';
import { type Duration, DurationSchema } from '@bufbuild/protobuf/wkt';
import { type FieldRules, field as fieldOption } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import fc, { type Arbitrary } from 'fast-check';

/** Messages inside messages are absent below this depth. */
const MAX_DEPTH = 4;
/** Lists and texts do not grow beyond this, whatever their bound. */
const MAX_LENGTH = 1_100;
/** Texts that patterns, prefixes and formats of our protos may like. */
const TEXTS = [
  'a',
  'order-42',
  'a.b_c-d',
  '1.2.3',
  'application/json',
  '018f4e9a-1111-7222-8333-944455556666',
  `sha256:${'0a'.repeat(32)}`,
  'ключ',
  '\u{1f600}'.repeat(40),
  'x'.repeat(65),
];

type Bounds = Readonly<Record<string, unknown>>;

/**
 * Messages of a type, made by its descriptor: with every bound of its rules and the values next to it among them.
 *
 * @param care how often a value keeps its rules for each time that it may not. A message with many fields is hardly
 * ever valid with little care, and hardly ever invalid with much.
 */
export function messageArbitrary(desc: DescMessage, care: number, depth = 0): Arbitrary<Message> {
  const members = desc.members.map((member) => {
    if (member.kind === 'oneof') {
      const cases = member.fields.map((field) =>
        valueArbitrary(field, care, depth).map((value) => ({ case: field.localName, value })),
      );
      const none = fc.constant({ case: undefined });
      return [member.localName, depth > MAX_DEPTH ? none : mostly(care, fc.oneof(...cases), none)] as const;
    }
    return [member.localName, fieldArbitrary(member, care, depth)] as const;
  });
  return fc.record(Object.fromEntries(members)).map((init) => create(desc, init as never));
}

function fieldArbitrary(field: DescField, care: number, depth: number): Arbitrary<unknown> {
  if (field.message !== undefined && depth >= MAX_DEPTH) {
    return fc.constant(field.fieldKind === 'message' ? undefined : field.fieldKind === 'map' ? {} : []);
  }
  const value = valueArbitrary(field, care, depth);
  if (field.fieldKind === 'list' || field.fieldKind === 'map') {
    return value;
  }
  // What is left out has its zero value, which is a bound of many rules.
  const isOptional = field.fieldKind === 'message' && rulesOf(field)?.required !== true;
  return mostly(isOptional ? 1 : care, value, fc.constant(undefined));
}

function valueArbitrary(field: DescField, care: number, depth: number): Arbitrary<unknown> {
  const rules = rulesOf(field);
  switch (field.fieldKind) {
    case 'message':
    case 'enum':
    case 'scalar':
      return elementArbitrary(field, rules, care, depth);
    case 'list': {
      const items = rules?.type.case === 'repeated' ? rules.type.value.items : undefined;
      const { minItems, maxItems } = boundsOf(rules);
      const min = Number(minItems ?? 0);
      const longest = field.listKind === 'message' ? min + 2 : Number(maxItems ?? 3);
      const length = nearby([min, Math.min(longest, MAX_LENGTH)], [min, Math.min(min + 1, longest)], care);
      const item = elementArbitrary(field, items, care, depth);
      return length.chain((minLength) => fc.array(item, { minLength, maxLength: minLength, size: 'max' }));
    }
    case 'map': {
      const pairs = rules?.type.case === 'map' ? rules.type.value : undefined;
      const isText = field.mapKey === ScalarType.STRING;
      const key = isText ? textArbitrary(boundsOf(pairs?.keys), care) : fc.integer({ min: 0, max: 9 }).map(String);
      const value = elementArbitrary(field, pairs?.values, care, depth);
      const maxPairs = Number(boundsOf(rules)['maxPairs'] ?? 2);
      const many = fc.dictionary(fc.integer({ min: 0, max: 999 }).map(String), value, {
        minKeys: maxPairs,
        maxKeys: maxPairs + 1,
        size: 'max',
      });
      return mostly(care, fc.dictionary(key, value, { maxKeys: Math.min(2, maxPairs) }), many);
    }
  }
}

interface Element {
  readonly message: DescMessage | undefined;
  readonly enum: DescEnum | undefined;
  readonly scalar: ScalarType | undefined;
}

function elementArbitrary(
  field: Element,
  rules: FieldRules | undefined,
  care: number,
  depth: number,
): Arbitrary<unknown> {
  if (field.message !== undefined) {
    const isDuration = field.message.typeName === DurationSchema.typeName;
    return isDuration ? durationArbitrary(boundsOf(rules), care) : messageArbitrary(field.message, care, depth + 1);
  }
  if (field.enum !== undefined) {
    const [zero, ...others] = field.enum.values.map(({ number }) => number);
    const numbers = others.length === 0 ? [zero] : others;
    return mostly(care, fc.constantFrom(...numbers), fc.constantFrom(zero, -1, 999));
  }
  return scalarArbitrary(field.scalar ?? ScalarType.INT32, boundsOf(rules), care);
}

function scalarArbitrary(scalar: ScalarType, bounds: Bounds, care: number): Arbitrary<unknown> {
  switch (scalar) {
    case ScalarType.STRING:
      return mostly(care, textArbitrary(bounds, care), fc.constantFrom(...TEXTS));
    case ScalarType.BYTES:
      return lengthArbitrary(bounds, care).map((length) => new Uint8Array(length));
    case ScalarType.BOOL:
      return mostly(care, fc.boolean(), fc.constant(false));
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return mostly(
        care,
        integerArbitrary(bounds, true, care),
        fc.constantFrom(0.5, 1.5, -0, -1, Number.NaN, Number.POSITIVE_INFINITY),
      );
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return integerArbitrary(bounds, scalar === ScalarType.UINT64 || scalar === ScalarType.FIXED64, care).map(BigInt);
    default:
      return integerArbitrary(bounds, scalar === ScalarType.UINT32 || scalar === ScalarType.FIXED32, care);
  }
}

function textArbitrary(bounds: Bounds, care: number): Arbitrary<string> {
  if (typeof bounds['pattern'] === 'string') {
    return fc.stringMatching(new RegExp(bounds['pattern']));
  }
  const { prefix = '', uuid } = bounds as { readonly prefix?: string; readonly uuid?: boolean };
  const isInBytes = bounds['maxBytes'] !== undefined || bounds['lenBytes'] !== undefined;
  const plain = fc
    .tuple(lengthArbitrary(bounds, care), fc.constantFrom('x', 'x', 'x', 'é', '\u{1f600}'))
    .map(([length, letter]) => {
      const left = Math.max(0, length - prefix.length);
      return prefix + letter.repeat(isInBytes ? Math.floor(left / Buffer.byteLength(letter)) : left);
    });
  return uuid === true ? mostly(care, fc.uuid(), plain) : plain;
}

function lengthArbitrary(bounds: Bounds, care: number): Arbitrary<number> {
  const exact = bounds['len'] ?? bounds['lenBytes'];
  const min = Number(exact ?? bounds['minLen'] ?? bounds['minBytes'] ?? 0);
  const max = Number(exact ?? bounds['maxLen'] ?? bounds['maxBytes'] ?? min + 8);
  const longest = Math.min(max, min + MAX_LENGTH);
  return nearby([min, longest], [min, Math.min(longest, min + 12)], care);
}

function integerArbitrary(bounds: Bounds, isUnsigned: boolean, care: number): Arbitrary<number> {
  const min = bounds['gt'] === undefined ? Number(bounds['gte'] ?? 0) : Number(bounds['gt']) + 1;
  const max = bounds['lt'] === undefined ? Number(bounds['lte'] ?? min + 100) : Number(bounds['lt']) - 1;
  const kept = nearby([min, max], [min, max], care);
  return isUnsigned ? kept : mostly(care, kept, fc.constantFrom(-1, -7));
}

function durationArbitrary(bounds: Bounds, care: number): Arbitrary<Message> {
  const { gte: min, lte: max } = bounds as { readonly gte?: Duration; readonly lte?: Duration };
  const edges = [min, max].filter((edge) => edge !== undefined);
  const usual = Math.min(Number(max?.seconds ?? 100n), Number(min?.seconds ?? 0n) + 1);
  const beyond = edges.flatMap(({ seconds, nanos }) => [
    { seconds, nanos: nanos + 1 },
    { seconds, nanos: nanos - 1 },
  ]);
  const wild = fc.record({
    seconds: fc.bigInt({ min: -1n, max: 400_000_000n }),
    nanos: fc.constantFrom(-1, 0, 999_999, 2_000_000_000),
  });
  const odd = beyond.length === 0 ? wild : fc.oneof(fc.constantFrom(...beyond), wild);
  return mostly(care, fc.constantFrom({ seconds: BigInt(usual), nanos: 0 }, ...edges), odd).map((init) =>
    create(DurationSchema, { seconds: init.seconds, nanos: init.nanos }),
  );
}

/** Mostly from the usual range; now and then a bound, or what lies just beyond it. */
function nearby(
  [min, max]: readonly [number, number],
  usual: readonly [number, number],
  care: number,
): Arbitrary<number> {
  const least = Math.max(min, -(2 ** 31));
  const most = Math.min(max, 2 ** 31 - 1);
  const edges = [least, most, Math.min(least + 1, most), Math.max(least, most - 1)];
  const beyond = [Math.max(0, least - 1), Math.min(most + 1, 2 ** 31 - 1)];
  const inside = fc.oneof(
    fc.integer({ min: Math.min(usual[0], most), max: Math.min(usual[1], most) }),
    fc.constantFrom(...edges),
  );
  return mostly(care, inside, fc.constantFrom(...beyond));
}

function mostly<A, B>(care: number, usual: Arbitrary<A>, unusual: Arbitrary<B>): Arbitrary<A | B> {
  return fc.oneof({ weight: care, arbitrary: usual }, { weight: 1, arbitrary: unusual });
}

function rulesOf(field: DescField): FieldRules | undefined {
  return hasOption(field, fieldOption) ? getOption(field, fieldOption) : undefined;
}

/** The rules of a field by name; those in a oneof under the name of their member. */
function boundsOf(rules: FieldRules | undefined): Bounds {
  const values = Object.entries((rules?.type.value ?? {}) as Bounds);
  return Object.fromEntries(
    values.map(([name, value]) => {
      const member = value as { readonly case?: string; readonly value?: unknown } | undefined;
      return typeof value === 'object' && member?.case !== undefined ? [member.case, member.value] : [name, value];
    }),
  );
}
