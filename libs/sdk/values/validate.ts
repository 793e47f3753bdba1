import { DomainError, type FieldViolation } from '#libs/errors/domain-error.ts';
import type { SchemaIssue, StandardSchema } from './standard-schema.ts';

/**
 * Checks a value by a schema. Answers what the schema makes of it; without a schema, the value.
 *
 * @throws INVALID_FIELDS, naming every field of the value that breaks a rule, below `field`.
 */
export function validate<T>(
  schema: StandardSchema<unknown, T> | undefined,
  value: unknown,
  field: string,
): T | Promise<T> {
  if (schema === undefined) return value as T;
  const result = schema['~standard'].validate(value);
  return result instanceof Promise ? result.then((later) => valueOf(later, field)) : valueOf(result, field);
}

function valueOf<T>(
  result: Awaited<ReturnType<StandardSchema<unknown, T>['~standard']['validate']>>,
  field: string,
): T {
  if (result.issues === undefined) return result.value;
  const violations = result.issues.map(
    (issue): FieldViolation => ({ field: pathOf(issue, field), description: issue.message }),
  );
  const text = violations.map((violation) => `${violation.field}: ${violation.description}`).join(', ');
  throw new DomainError('INVALID_FIELDS', text, { violations });
}

function pathOf({ path = [] }: SchemaIssue, field: string): string {
  let text = field;
  for (const part of path) {
    const key = typeof part === 'object' ? part.key : part;
    text += typeof key === 'number' ? `[${key}]` : `.${String(key)}`;
  }
  return text;
}
