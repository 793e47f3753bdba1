import { expect, test } from 'vitest';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { KnownToken } from './known-token.ts';
import { createTokenAuthenticator, type TokenAuthenticator } from './token-authenticator.ts';

const ROOT_SECRET = `root_${'r'.repeat(40)}`;
const ROOT = { tokenId: 'root', name: 'root', role: 'root', tenantId: undefined };
const TOKEN: KnownToken = {
  tokenId: 'tok_1',
  name: 'ci',
  role: 'developer',
  tenantId: 'acme',
  expireTime: undefined,
  revokeTime: undefined,
};
const PRINCIPAL = { tokenId: 'tok_1', name: 'ci', role: 'developer', tenantId: 'acme' };
const REFUSED = { reason: 'UNAUTHENTICATED', message: 'no valid token' };

interface World {
  readonly authenticator: TokenAuthenticator;
  readonly tokens: Map<string, KnownToken>;
  /** The secrets that were looked up. */
  readonly found: string[];
  nowMs: number;
  fault: Error | undefined;
}

function createWorld(): World {
  const tokens = new Map([['mlr_a', TOKEN]]);
  const found: string[] = [];
  const world = { tokens, found, nowMs: 1_000_000, fault: undefined as Error | undefined };
  const authenticator = createTokenAuthenticator({
    rootSecret: ROOT_SECRET,
    find: async (secret) => {
      found.push(secret);
      if (world.fault !== undefined) throw world.fault;
      return tokens.get(secret);
    },
    monotonicMs: () => world.nowMs,
    nowMs: () => world.nowMs,
  });
  return Object.assign(world, { authenticator });
}

function ask({ authenticator }: World, authorization: string | undefined): unknown {
  return authenticator.authenticate({ authorization, peerAddress: '10.0.0.1' });
}

test('a known token is answered at once and looked up once', async () => {
  const world = createWorld();
  const first = ask(world, 'Bearer mlr_a');
  expect(first).toBeInstanceOf(Promise);
  expect(await first).toEqual(PRINCIPAL);
  expect(ask(world, 'Bearer mlr_a')).toEqual(PRINCIPAL);
  expect(world.found).toEqual(['mlr_a']);
});

test('many that come at once share a look-up', async () => {
  const world = createWorld();
  await Promise.all(Array.from({ length: 50 }, () => ask(world, 'Bearer mlr_a')));
  expect(world.found).toEqual(['mlr_a']);
});

test('the root token is nobody that is looked up, and known for good', async () => {
  const world = createWorld();
  expect(await ask(world, `Bearer ${ROOT_SECRET}`)).toEqual(ROOT);
  world.nowMs += 3_600_000;
  expect(ask(world, `Bearer ${ROOT_SECRET}`)).toEqual(ROOT);
  expect(world.found).toEqual([]);
});

test('[70] none, unknown, expired and revoked tokens get one text', async () => {
  const world = createWorld();
  world.tokens.set('mlr_expired', { ...TOKEN, expireTime: world.nowMs });
  world.tokens.set('mlr_revoked', { ...TOKEN, revokeTime: 1 });
  for (const header of [undefined, '', 'Basic x', 'Bearer mlr_b', 'Bearer mlr_expired', 'Bearer mlr_revoked']) {
    await expect((async () => ask(world, header))()).rejects.toMatchObject(REFUSED);
  }
  expect(world.found).toEqual(['mlr_b', 'mlr_expired', 'mlr_revoked']);
});

test('a wrong token is not looked up again at once, and no longer than a second', async () => {
  const world = createWorld();
  await expect(ask(world, 'Bearer mlr_b')).rejects.toMatchObject(REFUSED);
  expect(() => ask(world, 'Bearer mlr_b')).toThrow(expect.objectContaining(REFUSED));
  world.tokens.set('mlr_b', TOKEN);
  world.nowMs += 1_000;
  expect(await ask(world, 'Bearer mlr_b')).toEqual(PRINCIPAL);
  expect(world.found).toEqual(['mlr_b', 'mlr_b']);
});

test('[70] a token that is revoked elsewhere is refused within 4 s, though it is used all the time', async () => {
  const world = createWorld();
  await ask(world, 'Bearer mlr_a');
  world.tokens.set('mlr_a', { ...TOKEN, revokeTime: world.nowMs });
  let letInForMs = 0;
  try {
    for (;;) {
      await ask(world, 'Bearer mlr_a');
      world.nowMs += 100;
      letInForMs += 100;
    }
  } catch (error) {
    expect(error).toMatchObject(REFUSED);
  }
  expect(letInForMs).toBeLessThanOrEqual(4_000);
});

test('one that is revoked here is refused at once', async () => {
  const world = createWorld();
  await ask(world, 'Bearer mlr_a');
  world.tokens.set('mlr_a', { ...TOKEN, revokeTime: world.nowMs });
  world.authenticator.forget('tok_1');
  await expect(ask(world, 'Bearer mlr_a')).rejects.toMatchObject(REFUSED);
});

test('a token ends when it expires, though it is known', async () => {
  const world = createWorld();
  world.tokens.set('mlr_a', { ...TOKEN, expireTime: world.nowMs + 500 });
  await ask(world, 'Bearer mlr_a');
  world.nowMs += 500;
  expect(() => ask(world, 'Bearer mlr_a')).toThrow(expect.objectContaining(REFUSED));
});

test('while tokens cannot be looked up, what is known is good for 4 s and no longer', async () => {
  const world = createWorld();
  await ask(world, 'Bearer mlr_a');
  world.fault = new DomainError('UNAVAILABLE', 'away');
  world.nowMs += 3_999;
  expect(ask(world, 'Bearer mlr_a')).toEqual(PRINCIPAL);
  world.nowMs += 1;
  await expect(ask(world, 'Bearer mlr_a')).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
});

test('a flood of wrong tokens is not passed on to the tables, and does not push out those that are known', async () => {
  const world = createWorld();
  await ask(world, 'Bearer mlr_a');
  const answers = await Promise.allSettled(
    Array.from({ length: 2_000 }, async (_, index) => ask(world, `Bearer mlr_${index}`)),
  );
  const reasons = answers.map((answer) => (answer as { reason: DomainError }).reason.reason);
  expect(new Set(reasons)).toEqual(new Set(['UNAUTHENTICATED', 'OVERLOADED']));
  expect(world.found.length).toBeLessThanOrEqual(257);
  expect(ask(world, 'Bearer mlr_a')).toEqual(PRINCIPAL);
});
