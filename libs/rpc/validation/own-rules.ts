import type { DescField, DescMessage, Message } from '@bufbuild/protobuf';
import { DurationSchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import type { FieldViolation } from '#libs/errors/domain-error.ts';
import { holdsNames, isPlain } from './plain-names.ts';
import { isMoment, isSpan } from './well-known-values.ts';

/** A rule that holds wherever a value of its kind stands, so that no field has to say it. */
interface OwnRule {
  readonly test: (value: unknown) => boolean;
  readonly description: string;
  readonly rule: string;
}

const PLAIN: OwnRule = { test: isPlain, description: 'must have no control characters', rule: 'string.plain' };
const MOMENT: OwnRule = {
  test: isMoment,
  description: 'must be a moment between the years 1 and 9999',
  rule: 'timestamp.valid',
};
const SPAN: OwnRule = {
  test: isSpan,
  description: 'must be at most 10 000 years long, in seconds and nanoseconds of one sign',
  rule: 'duration.valid',
};

/** The rule of a field, of an item of a list, or of a key of a map; undefined where there is none. */
function ownRuleOf(field: DescField): OwnRule | undefined {
  switch (field.message?.typeName) {
    case TimestampSchema.typeName:
      return MOMENT;
    case DurationSchema.typeName:
      return SPAN;
    default:
      return holdsNames(field) ? PLAIN : undefined;
  }
}

/** The test of what a field holds, for guards: of a list or a map of names as a whole. Undefined: any value is fine. */
export function ownTestOf(field: DescField): ((value: unknown) => boolean) | undefined {
  const rule = ownRuleOf(field);
  if (rule === undefined || rule === PLAIN || field.fieldKind === 'message') return rule?.test;
  return () => false;
}

/** A field in which something may stand that has such a rule, itself or in messages within it. */
interface RuledField {
  readonly field: DescField;
  readonly rule: OwnRule | undefined;
}

const plans = new Map<DescMessage, readonly RuledField[]>();

/** The fields of a message type that are to be looked at, found once: to read the options of a field takes long. */
function planOf(desc: DescMessage): readonly RuledField[] {
  let plan = plans.get(desc);
  if (plan === undefined) {
    const fields = desc.typeName.startsWith('google.protobuf.') ? [] : desc.fields;
    plan = fields
      .map((field) => ({ field, rule: ownRuleOf(field) }))
      .filter(({ field, rule }) => rule !== undefined || field.message !== undefined);
    plans.set(desc, plan);
  }
  return plan;
}

/** Every field of a message, and of those within it, that breaks a rule that no proto says. */
export function violationsOfOwnRules(desc: DescMessage, message: Message): FieldViolation[] {
  const found: FieldViolation[] = [];
  visitMessage(desc, message, '', found);
  return found;
}

function visitMessage(desc: DescMessage, message: Message, path: string, found: FieldViolation[]): void {
  const values = message as unknown as Readonly<Record<string, unknown>>;
  for (const { field, rule } of planOf(desc)) {
    const value = valueOf(field, values);
    if (value !== undefined) visitField(field, rule, value, `${path}${field.name}`, found);
  }
}

function valueOf(field: DescField, values: Readonly<Record<string, unknown>>): unknown {
  if (field.oneof === undefined) return values[field.localName];
  const oneof = values[field.oneof.localName] as { readonly case: string | undefined; readonly value?: unknown };
  return oneof.case === field.localName ? oneof.value : undefined;
}

function visitField(
  field: DescField,
  rule: OwnRule | undefined,
  value: unknown,
  path: string,
  found: FieldViolation[],
): void {
  const { message } = field;
  const visit = (one: unknown, at: string): void => {
    if (rule !== undefined && !rule.test(one)) {
      found.push({ field: at, description: rule.description, rule: rule.rule });
    } else if (message !== undefined) {
      visitMessage(message, one as Message, `${at}.`, found);
    }
  };
  switch (field.fieldKind) {
    case 'list':
      for (const [index, item] of (value as readonly unknown[]).entries()) visit(item, `${path}[${index}]`);
      break;
    case 'map':
      for (const [key, item] of Object.entries(value as Readonly<Record<string, unknown>>)) {
        const at = `${path}[${JSON.stringify(key)}]`;
        // The rule of a map of names is that of its keys.
        if (rule === PLAIN && !isPlain(key))
          found.push({ field: at, description: PLAIN.description, rule: PLAIN.rule });
        if (message !== undefined) visitMessage(message, item as Message, `${at}.`, found);
      }
      break;
    default:
      visit(value, path);
  }
}
