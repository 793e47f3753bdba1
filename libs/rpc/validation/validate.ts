import type { DescMessage, Message } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator, type Violation } from '@bufbuild/protovalidate';
import { DomainError, type FieldViolation } from '#libs/errors/domain-error.ts';
import { guardOf } from './guard.ts';
import { violationsOfOwnRules } from './own-rules.ts';

/** More violations than these are counted, not listed, so that an answer stays small. */
const MAX_LISTED_VIOLATIONS = 100;

const validator = createValidator();

/**
 * Holds a message against the rules of its proto, and against those of ours that hold for every name, time and duration.
 *
 * @throws INVALID_FIELDS with every field that breaks a rule.
 */
export function assertValid(desc: DescMessage, message: Message): void {
  if (guardOf(desc)(message)) {
    return;
  }
  const violations = violationsOf(desc, message);
  if (violations.length === 0) {
    return;
  }
  throw new DomainError('INVALID_FIELDS', describe(violations), {
    violations: violations.slice(0, MAX_LISTED_VIOLATIONS),
    metadata: { violations: String(violations.length) },
  });
}

/** Every field that breaks a rule, by the full validator. None: the message is valid. */
export function violationsOf(desc: DescMessage, message: Message): readonly FieldViolation[] {
  const result = validator.validate(desc, message);
  if (result.kind === 'error') {
    throw result.error;
  }
  const ofRules = result.kind === 'valid' ? [] : result.violations.map(fieldViolation);
  return [...ofRules, ...violationsOfOwnRules(desc, message)];
}

function describe(violations: readonly FieldViolation[]): string {
  const texts = violations.slice(0, 3).map(({ field, description }) => {
    return field === '' ? description : `${field}: ${description}`;
  });
  const more = violations.length - texts.length;
  return `invalid request: ${texts.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

function fieldViolation(violation: Violation): FieldViolation {
  return { field: pathToString(violation.field), description: violation.message, rule: violation.ruleId };
}
