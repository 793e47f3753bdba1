import { describe, expect, test } from 'vitest';
import { createDevelopmentAuthenticator, isLoopback } from './development-authenticator.ts';

const OURS = ['127.0.0.1', '127.255.3.4', '::1', '::ffff:127.0.0.1'];
const FOREIGN = ['10.0.0.1', '128.0.0.1', '::2', 'fe80::1', '::ffff:10.0.0.1', '0.0.0.0', '::'];
/** What a socket that is closed, a unix socket or a proxy may say of its peer. */
const UNKNOWN = ['unknown', '/run/millrace.sock', 'localhost', '127.0.0.1:80', '127.1', '::ffff:', ' 127.0.0.1'];

test.each(OURS)('%s is this machine', (address) => {
  expect(isLoopback(address)).toBe(true);
});

test.each([...FOREIGN, ...UNKNOWN, ''])('«%s» is not this machine', (address) => {
  expect(isLoopback(address)).toBe(false);
});

describe('without tokens', () => {
  test.each(OURS)('a caller at %s may do everything, in any tenant', (peerAddress) => {
    const authenticator = createDevelopmentAuthenticator();
    expect(authenticator.authenticate({ authorization: undefined, peerAddress })).toEqual({
      tokenId: 'development',
      name: 'development',
      role: 'root',
      tenantId: undefined,
    });
  });

  test.each([...FOREIGN, ...UNKNOWN])('a caller at «%s» may do nothing, whatever it brings', (peerAddress) => {
    const authenticator = createDevelopmentAuthenticator();
    expect(() => authenticator.authenticate({ authorization: 'Bearer x', peerAddress })).toThrow(
      expect.objectContaining({ reason: 'UNAUTHENTICATED', kind: 'unauthenticated' }),
    );
  });

  // What was accepted last begins as the empty address.
  test('a caller of whose address nothing is known may do nothing', () => {
    const authenticator = createDevelopmentAuthenticator();
    expect(() => authenticator.authenticate({ authorization: undefined, peerAddress: '' })).toThrow(
      expect.objectContaining({ reason: 'UNAUTHENTICATED' }),
    );
  });

  test('one caller that is let in opens the door to no other', () => {
    const authenticator = createDevelopmentAuthenticator();
    void authenticator.authenticate({ authorization: undefined, peerAddress: '127.0.0.1' });
    for (const peerAddress of ['10.0.0.1', '', 'unknown']) {
      expect(() => authenticator.authenticate({ authorization: undefined, peerAddress })).toThrow('this machine only');
    }
  });
});
