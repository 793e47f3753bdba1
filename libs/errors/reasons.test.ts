import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ErrorReasonSchema } from '#gen/millrace/common/v1/errors_pb.ts';
import { CODE_NAMES, CODE_OF_KIND } from '#libs/rpc/errors/code.ts';
import { DomainError } from './domain-error.ts';
import { REASON_KINDS, type Reason } from './reasons.ts';

const PREFIX = 'ERROR_REASON_';
const proto = readFileSync(new URL('../../proto/millrace/common/v1/errors.proto', import.meta.url), 'utf8');

/** The code that the comment of each value names in parentheses, by the value's name without its prefix. */
const codes = new Map(
  [...proto.matchAll(/^ {2}\/\/ \(([A-Z_]+)\)[^\n]*\n(?: {2}\/\/[^\n]*\n)* {2}ERROR_REASON_([A-Z_]+) = \d+;/gm)].map(
    ([, code, reason]) => [reason, code],
  ),
);

test('the reasons are those of the proto', () => {
  const names = ErrorReasonSchema.values.filter(({ number }) => number !== 0).map(({ name }) => name);
  expect(Object.keys(REASON_KINDS)).toEqual(names.map((name) => name.slice(PREFIX.length)));
});

test('the proto names a code for each of them', () => {
  expect(new Set(codes.keys())).toEqual(new Set(Object.keys(REASON_KINDS)));
});

describe('the code that the proto names is the code that callers get', () => {
  test.each(Object.keys(REASON_KINDS) as Reason[])('%s', (reason) => {
    expect(CODE_NAMES[CODE_OF_KIND[REASON_KINDS[reason]]]).toBe(codes.get(reason));
  });
});

test('a domain error has the kind of its reason, and nothing that was not said', () => {
  const cause = new Error('inside');
  const error = new DomainError('RUN_EXISTS', 'the run id is in use', { cause });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: 'DomainError', kind: 'exists', metadata: {}, violations: [], cause });
  expect(error.retryAfterMs).toBeUndefined();
  expect('cause' in new DomainError('RUN_EXISTS', 'x')).toBe(false);
});
