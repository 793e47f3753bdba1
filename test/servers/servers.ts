import { inject } from 'vitest';
import { describeWith, type Found } from '#test/gate.ts';

/**
 * A suite that talks to a real MongoDB-protocol server; only in the projects `integration` and `fault`. Skipped, or
 * failed when servers are required, without one: the suite is then collected with an address that nothing listens on.
 */
export function describeWithMongo(name: string, suite: (uri: string) => void): void {
  const { mongodb } = inject('servers');
  describeWith(name, [mongodb], () => suite(addressOf(mongodb, 'mongodb')));
}

/** A suite that talks to a real NATS server with JetStream; otherwise like `describeWithMongo`. */
export function describeWithNats(name: string, suite: (url: string) => void): void {
  const { nats } = inject('servers');
  describeWith(name, [nats], () => suite(addressOf(nats, 'nats')));
}

function addressOf(server: Found, scheme: string): string {
  return 'at' in server ? server.at : `${scheme}://missing.invalid`;
}
