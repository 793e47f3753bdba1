import { Metadata } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { DomainError } from '#libs/errors/domain-error.ts';
import { REASON_KINDS, type Reason } from '#libs/errors/reasons.ts';
import { statusFromDomainError } from '../errors/call-status.ts';
import { grpcStatus } from '../grpc/status.ts';
import { errorFromStatus } from './error-from-status.ts';
import { statusWith } from './testing/bare-server.ts';

const PATH = '/p.S/M';

function plain(code: number, details = 'connect ECONNREFUSED 10.0.0.1:7400') {
  return { code, details, metadata: new Metadata() };
}

test.each(Object.keys(REASON_KINDS) as Reason[])('%s arrives as it was thrown', (reason) => {
  const thrown = new DomainError(reason, 'what happened', {
    metadata: { state: 'RUNNING' },
    violations: [{ field: 'tags[3]', description: 'too long', rule: 'string.max_len' }],
    retryAfterMs: 1_500,
  });
  const { message, metadata, violations, retryAfterMs } = thrown;
  const arrived = errorFromStatus(PATH, grpcStatus(statusFromDomainError(thrown), 'request'));
  expect(arrived).toMatchObject({ reason, message, metadata, violations, retryAfterMs });
});

test.each([
  [1, 'UNAVAILABLE'],
  [2, 'INTERNAL'],
  [3, 'MALFORMED'],
  [4, 'DEADLINE_EXCEEDED'],
  [5, 'INTERNAL'],
  [6, 'INTERNAL'],
  [7, 'ROLE_DENIED'],
  [8, 'OVERLOADED'],
  [9, 'INTERNAL'],
  [10, 'INTERNAL'],
  [11, 'INTERNAL'],
  [12, 'NOT_BUILT'],
  [13, 'INTERNAL'],
  [14, 'UNAVAILABLE'],
  [15, 'DATA_CORRUPTION'],
  [16, 'UNAUTHENTICATED'],
  [99, 'INTERNAL'],
])('code %i without a reason is %s', (code, reason) => {
  expect(errorFromStatus(PATH, plain(code)).reason).toBe(reason);
});

test('what the transport says stays in the cause', () => {
  const error = errorFromStatus(PATH, plain(14));
  expect(error.message).toBe('the called service is not available');
  expect(error.cause).toMatchObject({
    code: 'UNAVAILABLE',
    path: PATH,
    message: '/p.S/M: UNAVAILABLE: connect ECONNREFUSED 10.0.0.1:7400',
  });
});

test('a reason of another domain or of a later version leaves the code to decide', () => {
  const other = statusWith(14, 'inside', { reason: 'RUN_NOT_FOUND', domain: 'elsewhere' });
  expect(errorFromStatus(PATH, other)).toMatchObject({ reason: 'UNAVAILABLE', metadata: {} });
  const later = statusWith(14, 'inside', { reason: 'NOT_YET_KNOWN' });
  expect(errorFromStatus(PATH, later)).toMatchObject({ reason: 'UNAVAILABLE' });
  expect(errorFromStatus(PATH, statusWith(14, 'inside', { reason: 'toString' })).reason).toBe('UNAVAILABLE');
});

test('a pause that is asked for counts without a reason too', () => {
  expect(errorFromStatus(PATH, statusWith(14, 'away', { retryAfterMs: 250 })).retryAfterMs).toBe(250);
});

test('details that do not decode are as good as none', () => {
  const status = plain(14);
  status.metadata.set('grpc-status-details-bin', Buffer.from([255, 255]));
  expect(errorFromStatus(PATH, status).reason).toBe('UNAVAILABLE');
});
