import { createClient, type Transport } from '@connectrpc/connect';
import { Client, credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DispatchService } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { as } from '#test/doors/token-authenticator.ts';
import { openRawWorker } from '../raw-worker.ts';
import { DOORS, type Door, GRPC, ROOT, type ServedState, serveState } from '../serve-state.ts';
import type { StateHome } from '../state-homes.ts';
import { leaseOf } from '../unary-calls.ts';
import { failureOfCall, inBatches } from './caller.ts';
import { type BadCase, badCases } from './derive-cases.ts';
import { NO_INCARNATION } from './entry.ts';
import { malformedBytes, malformedJson, sendBytes, sendJson } from './malformed.ts';
import { fieldsOf, outcomeOf, refusalOutcome } from './outcomes.ts';
import { RPCS, type Rpc, requestOf } from './rpc-table.ts';
import { refusedEntries, sendEntries } from './session-refusals.ts';
import { bindSystemOf } from './system-binding.ts';
import { dumpTenant } from './tenant-dump.ts';
import { bringAlong, foreignLeases, sendUnknownHandles } from './work-refusals.ts';
import { createWorld, INCARNATIONS, type World } from './world.ts';

type Change = Readonly<Record<string, unknown>>;

/** A call, and what it must come to. */
interface Expected {
  readonly rpc: Rpc;
  readonly flaw: string;
  readonly change: Change;
  readonly outcome: string;
}

/** What every RPC makes of requests that are bad in one way, on any store and through both doors. */
export function badInputContract(
  name: string,
  createHome: () => Promise<StateHome>,
  doors: readonly Door[] = DOORS,
): void {
  describe(name, { timeout: 60_000 }, () => {
    const stack = new AsyncDisposableStack();
    let served: ServedState;
    let world: World;
    let before: readonly unknown[];
    let broken: readonly (BadCase & { readonly rpc: Rpc })[];

    beforeAll(async () => {
      const home = stack.use(await createHome());
      const store = stack.use(await home.openState());
      served = stack.use(await serveState(store, {}, { others: [bindSystemOf(store)] }));
      world = await createWorld(served);
      before = await dumpTenant(served, world.tenantId, INCARNATIONS);
      broken = RPCS.flatMap((rpc) => {
        return badCases(rpc.method.input, requestOf(rpc, world)).map((bad) => ({ rpc, ...bad }));
      });
    }, 60_000);
    afterAll(async () => await stack.disposeAsync(), 60_000);

    describe.each(doors)('by $name', (door) => {
      // Streams in both directions need HTTP/2.
      const rpcs = RPCS.filter(({ method }) => door === GRPC || method.methodKind !== 'bidi_streaming');
      let transport: Transport;
      beforeAll(() => {
        transport = door.transport(served.addresses);
      });

      async function expectOutcomes(all: readonly Expected[]): Promise<void> {
        const wrong = await inBatches(all, async ({ rpc, flaw, change, outcome }) => {
          const failure = await failureOfCall(transport, rpc.method, requestOf(rpc, world, change), ROOT);
          const expected = rpc.isBuilt ? outcome : 'UNIMPLEMENTED NOT_BUILT';
          const got = outcomeOf(failure);
          return got === expected ? undefined : `${rpc.name}, ${flaw}: ${got}, not ${expected}`;
        });
        expect(wrong).toEqual([]);
        expect(await dumpTenant(served, world.tenantId, INCARNATIONS)).toEqual(before);
      }

      test('every rule that a request breaks is told by the path of its field, and nothing is changed', async () => {
        const cases = broken.filter(({ rpc, isBinaryOnly }) => rpcs.includes(rpc) && (door === GRPC || !isBinaryOnly));
        expect(cases.length).toBeGreaterThan(2_000);
        const wrong = await inBatches(cases, async ({ rpc, path, flaw, request }) => {
          const failure = await failureOfCall(transport, rpc.method, request, ROOT);
          const got = `${outcomeOf(failure)} of ${fieldsOf(failure)}`;
          const expected = `INVALID_ARGUMENT INVALID_FIELDS of ${path}`;
          return got === expected ? undefined : `${rpc.name}, ${path} ${flaw}: ${got}`;
        });
        expect(wrong).toEqual([]);
        expect(await dumpTenant(served, world.tenantId, INCARNATIONS)).toEqual(before);
      });

      test('[9] what is for the runs of one driver is WRONG_DRIVER for those of the other', async () => {
        const pairs = rpcs.flatMap((rpc): Expected[] => {
          const { runs, onOther } = rpc.entry;
          if (runs === 'BOTH' || runs === 'NONE') return [];
          const other = runs === 'CLIENT' ? world.server : world.client;
          const change = onOther?.(world) ?? { runId: other.runId };
          return [{ rpc, flaw: 'of the other driver', change, outcome: refusalOutcome('WRONG_DRIVER') }];
        });
        expect(pairs.length).toBeGreaterThan(20);
        await expectOutcomes(pairs);
      });

      test('what is not there, is over, or is held by somebody else is refused for its reason', async () => {
        const refusals = rpcs.flatMap((rpc) =>
          (rpc.entry.refusals?.(world) ?? []).map(({ flaw, change, reason }): Expected => {
            return { rpc, flaw, change, outcome: refusalOutcome(reason) };
          }),
        );
        expect(refusals.length).toBeGreaterThan(100);
        await expectOutcomes(refusals);
      });

      // Where streams go in both directions.
      if (door === GRPC) {
        test('an entry of a session is refused as the unary call is, and by itself', async () => {
          const { message, reasons } = refusedEntries(world);
          const count = Object.keys(reasons).length;
          expect(count).toBeGreaterThan(30);
          expect(await sendEntries(transport, message, count)).toEqual(reasons);
          expect(await dumpTenant(served, world.tenantId, INCARNATIONS)).toEqual(before);
        });

        test('frames about what a worker has not are lost by themselves, and its stream goes on', async () => {
          await using worker = await openRawWorker(served.addresses, {
            tenantId: world.tenantId,
            workerId: 'w-lost',
            definitions: [],
          });
          const { lost, all } = await sendUnknownHandles(worker);
          expect(lost).toEqual(all);
          const leases = foreignLeases(world);
          expect(await bringAlong(worker, leases)).toEqual(Object.keys(leases));
          expect(await dumpTenant(served, world.tenantId, INCARNATIONS)).toEqual(before);
        });
      }

      test("an extension of a lease that is not the caller's is lost by itself", async () => {
        // A lease by a poll without a session is whoever's names it.
        const { 'of another session': _own, ...leases } = foreignLeases(world);
        const extensions = Object.values(leases).map((lease) => ({ lease: leaseOf(lease) }));
        const dispatch = createClient(DispatchService, transport);
        const { results } = await dispatch.extendWork({ tenantId: world.tenantId, extensions }, ROOT);
        expect(results.map(({ lost }) => lost)).toEqual(extensions.map(() => true));
        expect(await dumpTenant(served, world.tenantId, INCARNATIONS)).toEqual(before);
      });

      test('whoever is of another tenant learns nothing, not even what is there', async () => {
        const scoped = rpcs.filter(({ hasTenant, roles }) => hasTenant && roles.has('admin'));
        expect(scoped.length).toBeGreaterThan(50);
        const wrong = await inBatches(scoped, async (rpc) => {
          const fields = new Set(rpc.method.input.fields.map(({ localName }) => localName));
          const nowhere: Change = {
            ...(fields.has('runId') ? { runId: 'none' } : {}),
            ...(fields.has('incarnation') ? { incarnation: NO_INCARNATION } : {}),
          };
          const failures = await Promise.all(
            [{}, nowhere, { ...nowhere, tenantId: 'none' }].map((change) =>
              failureOfCall(transport, rpc.method, requestOf(rpc, world, change), as('admin')),
            ),
          );
          const told = new Set(failures.map((failure) => `${outcomeOf(failure)} ${failure?.message}`));
          const [first] = failures;
          const isDenied = told.size === 1 && outcomeOf(first) === 'PERMISSION_DENIED TENANT_DENIED';
          return isDenied ? undefined : `${rpc.name}: ${[...told].join(' or ')}`;
        });
        expect(wrong).toEqual([]);
        expect(await dumpTenant(served, world.tenantId, INCARNATIONS)).toEqual(before);
      });

      test('what is no message of the request is MALFORMED', async () => {
        const client = new Client(served.addresses.grpc, credentials.createInsecure());
        const bodies = rpcs.flatMap((rpc) =>
          (door === GRPC ? malformedBytes(rpc.method) : malformedJson(rpc.method)).map((bad) => ({ rpc, ...bad })),
        );
        const wrong = await inBatches(bodies, async ({ rpc, flaw, body }) => {
          const got =
            door === GRPC
              ? await sendBytes(client, rpc.method, body)
              : await sendJson(served.addresses.http, rpc.method, body);
          return got === 'MALFORMED' ? undefined : `${rpc.name}, ${flaw}: ${got}`;
        });
        client.close();
        expect(wrong).toEqual([]);
      });

      test('who may not call is told so before anything else', async () => {
        const wrong = await inBatches(rpcs, async (rpc) => {
          const request = requestOf(rpc, world, { runId: 'none' });
          const unknown = outcomeOf(await failureOfCall(transport, rpc.method, request, {}));
          if (unknown !== 'UNAUTHENTICATED UNAUTHENTICATED') return `${rpc.name} without a token: ${unknown}`;
          const other = (['viewer', 'developer', 'operator', 'worker', 'admin'] as const).find(
            (role) => !rpc.roles.has(role),
          );
          if (other === undefined) return undefined;
          const denied = outcomeOf(await failureOfCall(transport, rpc.method, request, as(other)));
          return denied === 'PERMISSION_DENIED ROLE_DENIED' ? undefined : `${rpc.name} as ${other}: ${denied}`;
        });
        expect(wrong).toEqual([]);
      });
    });
  });
}
