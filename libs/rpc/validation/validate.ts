import type { DescMessage, Message } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator, type Violation } from '@bufbuild/protovalidate';
import { DomainError, type FieldViolation } from '#libs/errors/domain-error.ts';
import { guardOf } from './guard.ts';

/** More violations than these are counted, not listed, so that an answer stays small. */
const MAX_LISTED_VIOLATIONS = 100;

const validator = createValidator();

/**
 * Holds a message against the rules of its proto.
 *
 * @throws INVALID_FIELDS with every field that breaks a rule.
 */
export function assertValid(desc: DescMessage, message: Message): void {
  if (guardOf(desc)(message)) {
    return;
  }
  const result = validator.validate(desc, message);
  if (result.kind === 'valid') {
    return;
  }
  if (result.kind === 'error') {
    throw result.error;
  }
  throw new DomainError('INVALID_FIELDS', describe(result.violations), {
    violations: result.violations.slice(0, MAX_LISTED_VIOLATIONS).map(fieldViolation),
    metadata: { violations: String(result.violations.length) },
  });
}

function describe(violations: readonly Violation[]): string {
  const texts = violations.slice(0, 3).map((violation) => {
    const { field, description } = fieldViolation(violation);
    return field === '' ? description : `${field}: ${description}`;
  });
  const more = violations.length - texts.length;
  return `invalid request: ${texts.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

function fieldViolation(violation: Violation): FieldViolation {
  return { field: pathToString(violation.field), description: violation.message, rule: violation.ruleId };
}
