import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { EchoService, RepeatResponseSchema } from '#gen/millrace/test/v1/echo_service_pb.ts';
import type { Authenticator } from '#libs/auth/authenticator.ts';
import type { TenantGate, TenantVisit } from '#libs/auth/tenant-gate.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { bindService, type ServiceBinding } from '#libs/rpc/service-binding.ts';
import { failureOf, failureOfStream } from './failure.ts';
import { echoClient, PROTOCOLS } from './protocols.ts';
import { serveEcho } from './serve-echo.ts';
import { as, createTokenAuthenticator } from './token-authenticator.ts';

const ECHO = { id: 'order-42', priority: 3 };
/** Calls that last are asked about every second. */
const SOON_MS = 3_000;

/** Knows one tenant, and hears who asked. */
function createGate(answers: 'at once' | 'later'): TenantGate & { readonly visits: TenantVisit[] } {
  const visits: TenantVisit[] = [];
  return {
    visits,
    admit(visit: TenantVisit): void | Promise<void> {
      visits.push(visit);
      const judge = (): void => {
        if (visit.tenantId !== 'acme') throw new DomainError('TENANT_NOT_FOUND', 'there is no such tenant');
      };
      return answers === 'later' ? Promise.resolve().then(judge) : judge();
    },
  };
}

describe.each(PROTOCOLS)('by $name', (protocol) => {
  test.each(['at once', 'later'] as const)('a tenant is asked for once a call, %s, and only then', async (answers) => {
    const tenants = createGate(answers);
    await using served = await serveEcho({ authenticator: createTokenAuthenticator('at once'), tenants });
    const client = echoClient(protocol, served);
    expect(await client.echo(ECHO, as('viewer'))).toMatchObject({ tenantId: 'acme' });
    expect(tenants.visits).toEqual([{ tenantId: 'acme', path: '/millrace.test.v1.EchoService/Echo', isRead: true }]);
    const nowhere = { ...ECHO, tenantId: 'nowhere' };
    expect(await failureOf(client.echo(nowhere, as('root')))).toMatchObject({ reason: 'TENANT_NOT_FOUND' });
    expect(await failureOf(client.echo(nowhere, as('viewer')))).toMatchObject({ reason: 'TENANT_DENIED' });
    expect(await failureOf(client.echo({ ...nowhere, id: '' }, as('root')))).toMatchObject({
      reason: 'INVALID_FIELDS',
    });
    expect(tenants.visits).toHaveLength(2);
  });

  test('[70] a stream ends when its token is not good any more', { timeout: 20_000 }, async () => {
    const known = createTokenAuthenticator('at once');
    let isRevoked = false;
    const authenticator: Authenticator = {
      isRevocable: true,
      authenticate: (credentials) => {
        if (isRevoked) throw new DomainError('UNAUTHENTICATED', 'no valid token');
        return known.authenticate(credentials);
      },
    };
    await using served = await serveEcho({ services: [silentRepeat()], authenticator });
    const ended = failureOfStream(echoClient(protocol, served).repeat({ count: 1 }, as('viewer')));
    await new Promise((resolve) => setTimeout(resolve, 50));
    isRevoked = true;
    const sinceMs = performance.now();
    expect(await ended).toMatchObject({ reason: 'UNAUTHENTICATED' });
    expect(performance.now() - sinceMs).toBeLessThan(SOON_MS);
  });

  test('a stream goes on while its token cannot be looked up', { timeout: 20_000 }, async () => {
    const known = createTokenAuthenticator('at once');
    let isAway = false;
    let asked = 0;
    const authenticator: Authenticator = {
      isRevocable: true,
      authenticate: (credentials) => {
        asked += 1;
        if (isAway) throw new DomainError('UNAVAILABLE', 'nobody knows');
        return known.authenticate(credentials);
      },
    };
    await using served = await serveEcho({ services: [silentRepeat()], authenticator });
    const leave = new AbortController();
    const options = { ...as('viewer'), signal: leave.signal };
    const ended = failureOfStream(echoClient(protocol, served).repeat({ count: 1 }, options));
    await expect.poll(() => asked).toBe(1);
    isAway = true;
    await expect.poll(() => asked, { timeout: SOON_MS }).toBeGreaterThan(1);
    leave.abort();
    expect(await ended).toMatchObject({ code: 'CANCELLED' });
  });
});

/** A stream that says nothing until it is cut. */
function silentRepeat(): ServiceBinding {
  return bindService(EchoService, {
    repeat: {
      ping: () => create(RepeatResponseSchema, { ping: true }),
      handle: async (_request, { signal }) => {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      },
    },
  });
}
