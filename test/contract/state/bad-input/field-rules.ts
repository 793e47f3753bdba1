import { type DescField, type DescOneof, getOption, hasOption, isFieldSet, type Message } from '@bufbuild/protobuf';
import {
  type FieldRules,
  FieldRulesSchema,
  field as fieldOption,
  Ignore,
  oneof as oneofOption,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';

/** What the rules of a value say, whatever its type; lengths of 0 are no rules. */
export interface ValueRules {
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly minLen: number;
  readonly maxLen: number;
  /** The number of bytes that there must be. */
  readonly len: number | undefined;
  readonly pattern: string | undefined;
  /** A number, or a duration. */
  readonly gte: unknown;
  readonly lte: unknown;
  readonly isDefinedOnly: boolean;
  readonly notIn: readonly number[];
  /** Only true is valid. */
  readonly isTrue: boolean;
}

/** What the rules of a field say. */
export interface DerivedRules {
  readonly isRequired: boolean;
  /** Nothing, or zero, is valid whatever the rest says. */
  readonly ignoresZero: boolean;
  /** Of the value, of the items of a list, or of the values of a map. */
  readonly value: ValueRules;
  /** Of the keys of a map. */
  readonly keys: ValueRules;
  /** How many items or pairs there are; a `max` of 0 is no rule. */
  readonly items: { readonly min: number; readonly max: number };
}

const known = new Map<DescField, DerivedRules>();

/** The rules of a field. They are read once: to read an option of a descriptor takes as long as to decode a message. */
export function rulesOf(field: DescField): DerivedRules {
  const rules = known.get(field) ?? readRules(field);
  known.set(field, rules);
  return rules;
}

function readRules(field: DescField): DerivedRules {
  const rules = hasOption(field, fieldOption) ? getOption(field, fieldOption) : undefined;
  const type = rules?.type;
  const list = type?.case === 'repeated' ? type.value : undefined;
  const map = type?.case === 'map' ? type.value : undefined;
  return {
    isRequired: rules?.required ?? false,
    ignoresZero: rules?.ignore === Ignore.IF_ZERO_VALUE,
    value: valueRulesOf(field.fieldKind === 'list' ? list?.items : field.fieldKind === 'map' ? map?.values : rules),
    keys: valueRulesOf(map?.keys),
    items: {
      min: Number(list?.minItems ?? map?.minPairs ?? 0n),
      max: Number(list?.maxItems ?? map?.maxPairs ?? 0n),
    },
  };
}

/** Whether one member of a oneof must be there. */
export function isOneofRequired(oneof: DescOneof): boolean {
  return hasOption(oneof, oneofOption) && getOption(oneof, oneofOption).required;
}

function valueRulesOf(rules: FieldRules | undefined): ValueRules {
  const set = settingsOf(rules);
  const length = (name: string): number => Number((set.get(name) as bigint | undefined) ?? 0n);
  return {
    minBytes: length('minBytes'),
    maxBytes: length('maxBytes'),
    minLen: length('minLen'),
    maxLen: length('maxLen'),
    len: set.has('len') ? length('len') : undefined,
    pattern: set.get('pattern') as string | undefined,
    gte: set.get('gte'),
    lte: set.get('lte'),
    isDefinedOnly: set.get('definedOnly') === true,
    notIn: (set.get('notIn') as readonly number[] | undefined) ?? [],
    isTrue: set.get('const') === true,
  };
}

/** The rules that are set, by name; a oneof of rules counts under the name of its member. */
function settingsOf(rules: FieldRules | undefined): ReadonlyMap<string, unknown> {
  if (rules === undefined || rules.type.case === undefined) return new Map();
  const desc = FieldRulesSchema.fields.find((field) => field.localName === rules.type.case)?.message;
  const message = rules.type.value as Message;
  const values = message as unknown as Readonly<Record<string, unknown>>;
  const set = (desc?.fields ?? []).filter((field) => isFieldSet(message, field));
  return new Map(
    set.map((field) => {
      const value = field.oneof === undefined ? values[field.localName] : valueOfOneof(values[field.oneof.localName]);
      return [field.localName, value];
    }),
  );
}

function valueOfOneof(oneof: unknown): unknown {
  return (oneof as { readonly value?: unknown }).value;
}
