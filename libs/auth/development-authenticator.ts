import { BlockList } from 'node:net';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { Authenticator } from './authenticator.ts';
import type { Principal } from './principal.ts';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

const DEVELOPER_AT_THIS_MACHINE: Principal = {
  tokenId: 'development',
  name: 'development',
  role: 'root',
  tenantId: undefined,
};

/** Whether an address is this machine's own. */
export function isLoopback(address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  return LOOPBACK.check(plain, plain.includes(':') ? 'ipv6' : 'ipv4');
}

/** Development mode: there are no tokens, whoever calls from this machine may do everything and nobody else anything. */
export function createDevelopmentAuthenticator(): Authenticator {
  let lastAccepted: string | undefined;
  return {
    authenticate({ peerAddress }) {
      if (peerAddress !== lastAccepted) {
        if (!isLoopback(peerAddress)) {
          throw new DomainError('UNAUTHENTICATED', 'development mode without tokens serves this machine only');
        }
        lastAccepted = peerAddress;
      }
      return DEVELOPER_AT_THIS_MACHINE;
    },
  };
}
