import { create, type DescMethod, type DescMethodStreaming, type DescMethodUnary } from '@bufbuild/protobuf';
import { ConnectError, type Transport } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ErrorInfoSchema } from '#gen/google/rpc/error_details_pb.ts';
import { Role as RoleProto } from '#gen/millrace/common/v1/options_pb.ts';
import { SystemService } from '#gen/millrace/common/v1/system_service_pb.ts';
import { isAllowed, type Role } from '#libs/auth/roles.ts';
import { bindService, rolesOfMethod, type ServiceBinding } from '#libs/rpc/service-binding.ts';
import { createRegistryBindings } from '#services/registry/bindings.ts';
import { createStateBindings } from '#services/state/bindings.ts';
import { createAccess } from '#services/state/rpc/access/access.ts';
import { createWorkerBindings } from '#services/worker/bindings.ts';
import { accessCalls, BY_ROOT, bearer, ROOT_SECRET } from '#test/contract/state/access-calls.ts';
import { type Door, GRPC, type ServedState, serveState } from '#test/contract/state/serve-state.ts';
import { createMemoryStateHome } from '#test/contract/state/state-homes.ts';
import { type ServedEcho, serveEcho } from '#test/doors/serve-echo.ts';

/** HTTP/2, because streams both ways do not fit through HTTP/1.1. */
const HTTP: Door = {
  name: 'Connect with JSON',
  transport: ({ http }) =>
    createConnectTransport({ baseUrl: `http://${http}`, httpVersion: '2', useBinaryFormat: false }),
};
const DEADLINE_MS = 5_000;
const CALLERS = ['viewer', 'developer', 'operator', 'worker', 'admin', 'root', 'none'] as const;
const ROLES: Readonly<Record<Exclude<(typeof CALLERS)[number], 'root' | 'none'>, RoleProto>> = {
  viewer: RoleProto.VIEWER,
  developer: RoleProto.DEVELOPER,
  operator: RoleProto.OPERATOR,
  worker: RoleProto.WORKER,
  admin: RoleProto.ADMIN,
};

/** Without a handler a call that is let in changes nothing. */
function unbuilt(bindings: readonly ServiceBinding[]): ServiceBinding[] {
  return bindings.map(({ service }) => bindService(service, {}));
}

const all: readonly ServiceBinding[] = unbuilt([
  ...createRegistryBindings(),
  ...createStateBindings(),
  ...createWorkerBindings(),
  bindService(SystemService, {}),
]);
const methods: readonly DescMethod[] = all.flatMap((binding) => binding.methods).map(({ method }) => method);

describe('[72] who may call what', { timeout: 120_000 }, () => {
  const stack = new AsyncDisposableStack();
  const secrets = new Map<string, string>([['root', ROOT_SECRET]]);
  let state: ServedState;
  let served: ServedEcho;

  beforeAll(async () => {
    const home = stack.use(await createMemoryStateHome());
    const store = stack.use(await home.openState());
    state = stack.use(await serveState(store, {}, { rootSecret: ROOT_SECRET }));
    const calls = accessCalls(GRPC, state);
    await calls.tenants.createTenant({ tenantId: 'acme' }, BY_ROOT);
    for (const [role, proto] of Object.entries(ROLES)) secrets.set(role, await calls.newSecret('acme', proto));
    // The same tokens, in front of methods that do nothing.
    const log = pino({ level: 'silent' });
    const access = createAccess({ tables: store.tables, rootSecret: ROOT_SECRET, log, nowMs: Date.now });
    served = stack.use(
      await serveEcho({ services: all, authenticator: access.authenticator, tenants: access.tenants }),
    );
  });
  afterAll(async () => await stack.disposeAsync());

  test('there is something to look at', () => {
    expect(methods.length).toBeGreaterThan(80);
  });

  describe.each([GRPC, HTTP])('by $name', (door: Door) => {
    test.each(CALLERS)('every RPC lets %s in as its proto says, and says nothing else', async (caller) => {
      const transport = door.transport(served.addresses);
      const secret = secrets.get(caller);
      const headers = secret === undefined ? {} : (bearer(secret).headers as Record<string, string>);
      const found = new Map<string, string>();
      const wanted = new Map<string, string>();
      for (const method of methods) {
        const name = `${method.parent.typeName}/${method.name}`;
        const isIn = caller !== 'none' && isAllowed(caller as Role, rolesOfMethod(method));
        wanted.set(name, caller === 'none' ? 'UNAUTHENTICATED' : isIn ? 'let in' : 'ROLE_DENIED');
        found.set(name, await outcomeOf(transport, method, headers));
      }
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries(wanted));
    });

    test('a role that may not call is denied before anything is said of what it asked for', async () => {
      const transport = door.transport(state.addresses);
      const denied = methods.filter((method) => !isAllowed('viewer', rolesOfMethod(method)));
      const headers = bearer(secrets.get('viewer') ?? '').headers as Record<string, string>;
      for (const method of denied.filter(({ parent }) => parent.typeName.startsWith('millrace.state'))) {
        expect([method.name, await outcomeOf(transport, method, headers)]).toEqual([method.name, 'ROLE_DENIED']);
      }
    });
  });
});

/** What a call with an empty request comes to: it is let in when the method says that it is not built, or what it wants. */
async function outcomeOf(transport: Transport, method: DescMethod, headers: Record<string, string>): Promise<string> {
  try {
    if (method.methodKind === 'unary') {
      await transport.unary(method as DescMethodUnary, undefined, DEADLINE_MS, headers, create(method.input));
    } else {
      const requests = (async function* () {
        yield create(method.input);
      })();
      const stream = method as DescMethodStreaming;
      const answer = await transport.stream(stream, undefined, DEADLINE_MS, headers, requests);
      for await (const _ of answer.message) break;
    }
  } catch (error) {
    const failure = ConnectError.from(error);
    const reason = failure.findDetails(ErrorInfoSchema)[0]?.reason ?? failure.message;
    return reason === 'NOT_BUILT' || reason === 'INVALID_FIELDS' ? 'let in' : reason;
  }
  return 'answered';
}
