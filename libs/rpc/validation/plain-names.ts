import { type DescField, getOption, hasOption } from '@bufbuild/protobuf';
import { type FieldRules, field as fieldOption } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { hasControlCharacter } from './control-character.ts';

/** A text that may be longer than every id is for people: it may have lines. */
const MAX_NAME_LENGTH = 256n;

/**
 * Short texts that are none of ours to judge. What user code calls its errors comes from its language: to refuse it would
 * leave a failed attempt without a failure.
 */
const FREE_TEXTS: ReadonlySet<string> = new Set([
  'millrace.workflow.v1.Failure.type',
  'millrace.workflow.v1.FailureCause.type',
  'millrace.workflow.v1.RetryPolicy.non_retryable',
  'millrace.state.v1.DeadLetterFilter.failure_type',
  'millrace.state.v1.LeaseRelease.reason',
]);

/** Paths of steps: they are keys of the log, and lines keep their parts apart. */
const LONG_NAMES: ReadonlySet<string> = new Set([
  'millrace.state.v1.StepId.scope',
  'millrace.state.v1.StepRecord.scope',
  'millrace.state.v1.Park.scope',
  'millrace.state.v1.ChildStart.scope',
]);

/**
 * Whether a field holds names: texts of at most 256 bytes or characters, lists of them, maps by them. They stand in keys,
 * logs and subjects, and the marks that keep names of ours apart from those of callers are control characters; so no name
 * of a caller has one.
 */
export function holdsNames(field: DescField): boolean {
  const name = `${field.parent.typeName}.${field.name}`;
  if (LONG_NAMES.has(name)) return true;
  if (!hasOption(field, fieldOption) || FREE_TEXTS.has(name)) return false;
  const { type } = getOption(field, fieldOption);
  switch (type.case) {
    case 'string':
      return isShort(type.value);
    case 'repeated':
      return isShort(stringRulesOf(type.value.items));
    case 'map':
      return isShort(stringRulesOf(type.value.keys));
    default:
      return false;
  }
}

type StringRules = Extract<FieldRules['type'], { case: 'string' }>['value'];

function stringRulesOf(rules: FieldRules | undefined): StringRules | undefined {
  return rules?.type.case === 'string' ? rules.type.value : undefined;
}

function isShort(rules: StringRules | undefined): boolean {
  if (rules === undefined) return false;
  const { maxBytes, maxLen } = rules;
  return (maxBytes > 0n && maxBytes <= MAX_NAME_LENGTH) || (maxLen > 0n && maxLen <= MAX_NAME_LENGTH);
}

/** Whether a name, a list of names or a map by names has no control characters. */
export function isPlain(value: unknown): boolean {
  if (typeof value === 'string') return !hasControlCharacter(value);
  const names = Array.isArray(value) ? value : Object.keys(value as object);
  for (const name of names) if (hasControlCharacter(name as string)) return false;
  return true;
}
