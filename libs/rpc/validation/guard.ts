import { type DescField, type DescMessage, getOption, hasOption, type Message, ScalarType } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import {
  type FieldRules,
  field as fieldOption,
  Ignore,
  message as messageOption,
  oneof as oneofOption,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { guardRules, type ValueGuard } from './rule-guard.ts';

/**
 * Says whether a message surely keeps its rules. `false` is no verdict: the message may still be valid, and the full
 * validator decides. It exists because walking the rules costs several times what decoding the message does.
 */
export type MessageGuard = (message: Message) => boolean;

type Fields = Readonly<Record<string, unknown>>;
type Check = (fields: Fields) => boolean;
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
      ({ localName }): Check =>
        (fields) =>
          (fields[localName] as OneofValue).case !== undefined,
    ),
    ...desc.fields.map(compileField).filter((check) => check !== undefined),
  ];
  const count = checks.length;
  return (message) => {
    const fields = message as unknown as Fields;
    for (let i = 0; i < count; i += 1) {
      if (checks[i]?.(fields) !== true) {
        return false;
      }
    }
    return true;
  };
}

function hasRules(rules: { readonly cel: readonly unknown[]; readonly oneof: readonly unknown[] }): boolean {
  return rules.cel.length > 0 || rules.oneof.length > 0 || ('celExpression' in rules && isFilled(rules.celExpression));
}

function isFilled(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

function compileField(field: DescField): Check | undefined {
  const rules = hasOption(field, fieldOption) ? getOption(field, fieldOption) : undefined;
  if (rules?.ignore === Ignore.ALWAYS) {
    return undefined;
  }
  const guard = guardValue(field, rules);
  const isRequired = rules?.required ?? false;
  if (guard === undefined && !isRequired) {
    return undefined;
  }
  const check = guard ?? (() => true);
  const name = field.localName;
  if (field.oneof !== undefined) {
    const oneofName = field.oneof.localName;
    return (message) => {
      const oneof = message[oneofName] as OneofValue;
      return oneof.case === name ? check(oneof.value) : !isRequired;
    };
  }
  if (isFieldPresenceTracked(field)) {
    return (message) => {
      const value = message[name];
      return value === undefined ? !isRequired : check(value);
    };
  }
  // Without presence a required field or one that ignores its zero value needs the validator's idea of zero.
  const always = isRequired || (rules !== undefined && rules.ignore !== Ignore.UNSPECIFIED) ? UNSURE : check;
  return (message) => always(message[name]);
}

/** Whether an absent value can be told from a zero one, so that rules do not apply to it. */
function isFieldPresenceTracked(field: DescField): boolean {
  return (
    field.presence !== FeatureSet_FieldPresence.IMPLICIT && field.fieldKind !== 'list' && field.fieldKind !== 'map'
  );
}

function guardValue(field: DescField, rules: FieldRules | undefined): ValueGuard | undefined {
  if (rules !== undefined && (rules.cel.length > 0 || ('celExpression' in rules && isFilled(rules.celExpression)))) {
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
      const item =
        field.listKind === 'message'
          ? both(guardRules(items, undefined, undefined), guardNested(field.message))
          : guardRules(items, field.scalar ?? ScalarType.INT32, field.enum);
      return guardList(rules, item);
    }
    case 'map':
      return rules?.type.case === 'map' || field.mapKind === 'message' ? guardMap(rules) : undefined;
  }
}

function guardNested(desc: DescMessage): ValueGuard | undefined {
  if (desc.typeName.startsWith('google.protobuf.')) {
    return undefined;
  }
  const nested = guardOf(desc);
  return (value) => nested(value as Message);
}

/** Maps are rare and small: an empty one is sure, any other goes to the validator. */
function guardMap(rules: FieldRules | undefined): ValueGuard {
  const needsPairs = rules?.type.case === 'map' && rules.type.value.minPairs > 0n;
  return needsPairs ? UNSURE : (value) => Object.keys(value as object).length === 0;
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
  const max = repeated === undefined || repeated.maxItems === 0n ? Number.POSITIVE_INFINITY : Number(repeated.maxItems);
  const isUnique = repeated?.unique ?? false;
  return (value) => {
    const list = value as readonly unknown[];
    if (list.length < min || list.length > max || (isUnique && list.length > 1)) {
      return false;
    }
    return item === undefined || list.every(item);
  };
}

function both(a: ValueGuard | undefined, b: ValueGuard | undefined): ValueGuard | undefined {
  if (a === undefined || b === undefined) {
    return a ?? b;
  }
  return (value) => a(value) && b(value);
}
