import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { ChatRequestSchema, EchoRequestSchema } from '#gen/millrace/test/v1/echo_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { assertValid } from './validate.ts';

function refusalOf(work: () => void): DomainError {
  try {
    work();
  } catch (error) {
    if (error instanceof DomainError) {
      return error;
    }
    throw error;
  }
  throw new TypeError('it was valid');
}

test('a message that keeps its rules passes', () => {
  assertValid(EchoRequestSchema, create(EchoRequestSchema, { id: 'x', priority: 1 }));
});

test('a message that a guard is not sure of passes when it is valid', () => {
  // 128 bytes in 64 letters: as many as the rule allows, and more than a guard that only counts letters can know.
  assertValid(
    EchoRequestSchema,
    create(EchoRequestSchema, { id: 'é'.repeat(128), priority: 1, tags: ['\u{1f600}'.repeat(64)] }),
  );
});

test('a refusal lists each field with what is wrong and the rule', () => {
  const refusal = refusalOf(() => assertValid(EchoRequestSchema, create(EchoRequestSchema, { tags: [''] })));
  expect(refusal).toMatchObject({ reason: 'INVALID_FIELDS', kind: 'invalid', metadata: { violations: '3' } });
  expect(refusal.violations).toEqual([
    { field: 'id', description: expect.stringContaining('1'), rule: 'string.min_bytes' },
    { field: 'priority', description: expect.stringContaining('1'), rule: 'int32.gte_lte' },
    { field: 'tags[0]', description: expect.stringContaining('1'), rule: 'string.min_len' },
  ]);
});

test('its message names the first three fields and counts the rest', () => {
  const tags = ['', '', '', ''];
  const { message } = refusalOf(() => assertValid(EchoRequestSchema, create(EchoRequestSchema, { tags })));
  expect(message).toMatch(/^invalid request: id: .+; priority: .+; tags\[0\]: .+; and 3 more$/);
});

test('a field inside a list inside a message has its whole path', () => {
  const frames = [{ id: 'good' }, { id: 'good' }, { id: '' }];
  const refusal = refusalOf(() => assertValid(ChatRequestSchema, create(ChatRequestSchema, { frames })));
  expect(refusal.violations.map(({ field }) => field)).toEqual(['frames[2].id']);
});

test('more than a hundred violations are counted and not listed', () => {
  const frames = Array.from({ length: 500 }, () => ({ id: '' }));
  const refusal = refusalOf(() => assertValid(ChatRequestSchema, create(ChatRequestSchema, { frames })));
  expect(refusal.violations).toHaveLength(100);
  expect(refusal.metadata).toEqual({ violations: '500' });
});
