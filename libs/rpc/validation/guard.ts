import { compileFunction } from 'node:vm';
import {
  type DescEnum,
  type DescField,
  type DescMessage,
  getOption,
  hasOption,
  isFieldSet,
  type Message,
  ScalarType,
} from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import {
  type FieldRules,
  field as fieldOption,
  Ignore,
  MapRulesSchema,
  type MessageRules,
  message as messageOption,
  oneof as oneofOption,
  RepeatedRulesSchema,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { ownTestOf } from './own-rules.ts';
import { guardRules, type ValueGuard } from './rule-guard.ts';

/**
 * Says whether a message surely keeps its rules. `false` is no verdict: the message may still be valid, and the full
 * validator decides. It exists because walking the rules costs several times what decoding the message does.
 */
export type MessageGuard = (message: Message) => boolean;

/** A property of a message, and whether its value surely keeps its rules. */
interface Check {
  readonly property: string;
  readonly test: ValueGuard;
}

type OneofValue = { readonly case: string | undefined; readonly value?: unknown };

const guards = new Map<DescMessage, MessageGuard>();
const UNSURE: ValueGuard = () => false;

/** The guard of a message type, compiled once from the rules in its descriptor. */
export function guardOf(desc: DescMessage): MessageGuard {
  let guard = guards.get(desc);
  if (guard === undefined) {
    // Types may contain themselves: whoever meets this one while it is being compiled finds it through the map.
    guards.set(desc, (message) => guards.get(desc)?.(message) ?? false);
    guard = compile(desc);
    guards.set(desc, guard);
  }
  return guard;
}

function compile(desc: DescMessage): MessageGuard {
  if (hasOption(desc, messageOption) && hasRules(getOption(desc, messageOption))) {
    return () => false;
  }
  const oneofs = desc.oneofs.filter((oneof) => hasOption(oneof, oneofOption) && getOption(oneof, oneofOption).required);
  const checks = [
    ...oneofs.map(
      ({ localName }): Check => ({ property: localName, test: (oneof) => (oneof as OneofValue).case !== undefined }),
    ),
    ...desc.fields.map(compileField).filter((check) => check !== undefined),
  ];
  return joined(desc, checks);
}

/** One function that is sure when all checks are. A loop over them would look each property up by its name. */
function joined(desc: DescMessage, checks: readonly Check[]): MessageGuard {
  const tests = checks.map(({ property }, index) => `t${index}(message[${JSON.stringify(property)}])`);
  const names = tests.map((_, index) => `t${index}`);
  const source = `const [${names.join(', ')}] = tests;
return (message) => ${tests.length === 0 ? 'true' : tests.join(' && ')};`;
  // The text is made of nothing but descriptors that are part of this program.
  const make = compileFunction(source, ['tests'], { filename: `guard:${desc.typeName}` });
  return make(checks.map(({ test }) => test)) as MessageGuard;
}

function hasRules(rules: MessageRules): boolean {
  return rules.oneof.length > 0 || hasExpression(rules);
}

function hasExpression(rules: FieldRules | MessageRules): boolean {
  return rules.cel.length > 0 || ('celExpression' in rules && isFilled(rules.celExpression));
}

function isFilled(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

function compileField(field: DescField): Check | undefined {
  const rules = hasOption(field, fieldOption) ? getOption(field, fieldOption) : undefined;
  if (rules?.ignore === Ignore.ALWAYS) {
    return undefined;
  }
  const guard = both(guardValue(field, rules), ownTestOf(field));
  const isRequired = rules?.required ?? false;
  if (guard === undefined && !isRequired) {
    return undefined;
  }
  const check = guard ?? (() => true);
  const name = field.localName;
  if (field.oneof !== undefined) {
    return {
      property: field.oneof.localName,
      test: (value) => {
        const oneof = value as OneofValue;
        return oneof.case === name ? check(oneof.value) : !isRequired;
      },
    };
  }
  if (isFieldPresenceTracked(field)) {
    return { property: name, test: (value) => (value === undefined ? !isRequired : check(value)) };
  }
  const ignoresZero = rules?.ignore === Ignore.IF_ZERO_VALUE;
  if (!isRequired && !ignoresZero) {
    return { property: name, test: check };
  }
  return { property: name, test: (value) => (isZero(value) ? !isRequired : check(value)) };
}

/** Whether a value without presence is the one that an absent field has. */
function isZero(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
      return value === '';
    case 'number':
      return value === 0;
    case 'bigint':
      return value === 0n;
    case 'boolean':
      return !value;
    default:
      return Array.isArray(value) || value instanceof Uint8Array
        ? value.length === 0
        : Object.keys(value as object).length === 0;
  }
}

/** Whether a map has no entry; without a list of its keys, because most have none. */
function isEmpty(map: object): boolean {
  for (const _ in map) return false;
  return true;
}

/** Whether an absent value can be told from a zero one, so that rules do not apply to it. */
function isFieldPresenceTracked(field: DescField): boolean {
  return (
    field.presence !== FeatureSet_FieldPresence.IMPLICIT && field.fieldKind !== 'list' && field.fieldKind !== 'map'
  );
}

function guardValue(field: DescField, rules: FieldRules | undefined): ValueGuard | undefined {
  if (rules !== undefined && hasExpression(rules)) {
    return UNSURE;
  }
  switch (field.fieldKind) {
    case 'scalar':
    case 'enum':
      return guardRules(rules, field.scalar ?? ScalarType.INT32, field.enum);
    case 'message':
      return both(guardRules(rules, undefined, undefined), guardNested(field.message));
    case 'list': {
      const items = rules?.type.case === 'repeated' ? rules.type.value.items : undefined;
      const item = guardElement(items, field.scalar, field.enum, field.message);
      return guardList(rules, item);
    }
    case 'map':
      return guardMap(field, rules);
  }
}

function guardNested(desc: DescMessage): ValueGuard | undefined {
  if (desc.typeName.startsWith('google.protobuf.')) {
    return undefined;
  }
  const nested = guardOf(desc);
  return (value) => nested(value as Message);
}

function guardMap(field: DescField & { fieldKind: 'map' }, rules: FieldRules | undefined): ValueGuard | undefined {
  const pairs = rules?.type.case === 'map' ? rules.type.value : undefined;
  const key = guardElement(pairs?.keys, field.mapKey, undefined, undefined);
  const value = guardElement(pairs?.values, field.scalar, field.enum, field.message);
  if (rules === undefined && key === undefined && value === undefined) {
    return undefined;
  }
  if (rules !== undefined && rules.type.case !== undefined && pairs === undefined) {
    return UNSURE;
  }
  // The keys of the object are texts, whatever their type.
  const isSureOfKeys = key === undefined || field.mapKey === ScalarType.STRING;
  const min = Number(pairs?.minPairs ?? 0n);
  const isBounded = pairs !== undefined && isFieldSet(pairs, MapRulesSchema.field.maxPairs);
  const max = isBounded ? Number(pairs.maxPairs) : Number.POSITIVE_INFINITY;
  return (map) => {
    if (isEmpty(map as object)) return min === 0;
    const entries = Object.entries(map as Readonly<Record<string, unknown>>);
    return (
      entries.length >= min &&
      entries.length <= max &&
      (isSureOfKeys || entries.length === 0) &&
      entries.every(([name, item]) => (key?.(name) ?? true) && (value?.(item) ?? true))
    );
  };
}

/** The guard of an item of a list, or of a key or value of a map. */
function guardElement(
  rules: FieldRules | undefined,
  scalar: ScalarType | undefined,
  enumeration: DescEnum | undefined,
  message: DescMessage | undefined,
): ValueGuard | undefined {
  if (rules !== undefined && (hasExpression(rules) || rules.required || rules.ignore !== Ignore.UNSPECIFIED)) {
    return UNSURE;
  }
  return message === undefined
    ? guardRules(rules, scalar ?? ScalarType.INT32, enumeration)
    : both(guardRules(rules, undefined, undefined), guardNested(message));
}

function guardList(rules: FieldRules | undefined, item: ValueGuard | undefined): ValueGuard | undefined {
  if (rules === undefined && item === undefined) {
    return undefined;
  }
  const repeated = rules?.type.case === 'repeated' ? rules.type.value : undefined;
  if (rules !== undefined && rules.type.case !== undefined && repeated === undefined) {
    return UNSURE;
  }
  const min = Number(repeated?.minItems ?? 0n);
  const isBounded = repeated !== undefined && isFieldSet(repeated, RepeatedRulesSchema.field.maxItems);
  const max = isBounded ? Number(repeated.maxItems) : Number.POSITIVE_INFINITY;
  const isUnique = repeated?.unique ?? false;
  return (value) => {
    const list = value as readonly unknown[];
    if (list.length < min || list.length > max || (isUnique && list.length > 1)) {
      return false;
    }
    if (item !== undefined) {
      for (const one of list) if (!item(one)) return false;
    }
    return true;
  };
}

function both(a: ValueGuard | undefined, b: ValueGuard | undefined): ValueGuard | undefined {
  if (a === undefined || b === undefined) {
    return a ?? b;
  }
  return (value) => a(value) && b(value);
}
