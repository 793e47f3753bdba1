import { expect, test } from 'vitest';
import { DomainError } from '#libs/errors/domain-error.ts';
import { StoreError } from '#libs/store/store-error.ts';
import { packError, unpackError } from './packed-error.ts';

test('errors keep their reason, problem and cause on their way to another thread', () => {
  const errors = [
    new StoreError('disk-full', 'the tables cannot grow', new Error('database or disk is full')),
    new DomainError('DATA_CORRUPTION', 'the tables are damaged', { cause: new Error('malformed') }),
    new DomainError('INVALID_FIELDS', 'heads.runId has NUL', {
      metadata: { limit: '3' },
      violations: [{ field: 'heads.runId', description: 'has NUL' }],
    }),
  ];
  for (const error of errors) {
    const back = unpackError(structuredClone(packError(error)));
    expect(back).toBeInstanceOf(error.constructor);
    const { name, reason, message, metadata, violations } = error;
    expect(back).toMatchObject({ name, reason, message, metadata, violations });
    expect((back.cause as Error | undefined)?.message).toBe((error.cause as Error | undefined)?.message);
  }
});

test('what is no refusal comes as a fault of ours, with what it was', () => {
  const back = unpackError(structuredClone(packError(new TypeError('not a function'))));
  expect(back).toMatchObject({ reason: 'INTERNAL', message: 'not a function', cause: { message: 'not a function' } });
});
