import { expect, test } from 'vitest';
import type { SchemaResult, StandardSchema } from './standard-schema.ts';
import { validate } from './validate.ts';

function schemaOf<T>(
  check: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>,
): StandardSchema<unknown, T> {
  return { '~standard': { version: 1, vendor: 'test', validate: check } };
}

const positive = schemaOf((value) =>
  typeof value === 'number' && value > 0
    ? { value: Math.round(value) }
    : { issues: [{ message: 'must be above 0', path: ['lines', { key: 2 }, 'total'] }, { message: 'is odd' }] },
);

test('gives what the schema makes of a value, at once or later as the schema does', async () => {
  expect(validate(positive, 1.6, 'input')).toBe(2);
  expect(
    await validate(
      schemaOf(async (value) => ({ value })),
      'x',
      'input',
    ),
  ).toBe('x');
  expect(validate(undefined, 'x', 'input')).toBe('x');
});

test('names every field that breaks a rule', () => {
  expect(() => validate(positive, -1, 'input')).toThrow(
    expect.objectContaining({
      reason: 'INVALID_FIELDS',
      message: 'input.lines[2].total: must be above 0, input: is odd',
      violations: [
        { field: 'input.lines[2].total', description: 'must be above 0' },
        { field: 'input', description: 'is odd' },
      ],
    }),
  );
});
