import { expect, test } from 'vitest';
import { Role } from '#gen/millrace/common/v1/options_pb.ts';
import { EventLogService } from '#gen/millrace/state/v1/event_log_service_pb.ts';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { TenantStatus } from '#gen/millrace/state/v1/tenant_pb.ts';
import { TenantService } from '#gen/millrace/state/v1/tenant_service_pb.ts';
import { TokenService } from '#gen/millrace/state/v1/token_service_pb.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { Client, Worker, workflow } from '#libs/sdk/millrace.ts';
import { startNodePair } from '#test/fault/cluster/node-pair.ts';
import { describeRunsInMongo } from '#test/fault/runs/with-stores.ts';

const ROOT_SECRET = `root_${'0123456789'.repeat(4)}`;
const TENANT = 'acme';
const RUNS = Array.from({ length: 24 }, (_, index) => `run-${index}`);
/** What every node has heard by then. */
const HEARD_MS = 5_000;

describeRunsInMongo('two nodes that want tokens', (home) => {
  test('[70] pass calls, streams and messages on, and hear of what was revoked or suspended within 5 s', {
    timeout: 180_000,
  }, async () => {
    await using pair = await startNodePair(home.newStore(), home.folder(), ROOT_SECRET);
    const { near, far } = pair;
    await using asRoot = createChannel({ address: near.address, token: ROOT_SECRET });
    const tenants = createClient(TenantService, asRoot);
    const tokens = createClient(TokenService, asRoot);
    await tenants.createTenant({ tenantId: TENANT });
    const made = async (role: Role, name: string): Promise<{ secret: string; tokenId: string }> => {
      const { secret, token } = await tokens.createToken({ tenantId: TENANT, role, name });
      return { secret, tokenId: token?.tokenId ?? '' };
    };
    const developer = await made(Role.DEVELOPER, 'ann');
    const worker = await made(Role.WORKER, 'machine');

    const leaf = workflow('leaf', async (ctx, word: string) => ctx.step('say', () => `said ${word}`));
    const tree = workflow('tree', async (ctx, word: string) => ctx.child(leaf, word));
    const troubles: string[] = [];
    await using running = new Worker({
      address: near.address,
      token: worker.secret,
      workflows: [tree, leaf],
      onLog: () => undefined,
      onTrouble: (error) => void troubles.push(error.reason),
    });
    await running.start();
    // Each run has a child that another partition owns, perhaps on the other node.
    await using client = new Client({ address: near.address, token: developer.secret });
    const started = await Promise.all(RUNS.map((runId) => client.start(tree, runId, { runId })));
    expect(await Promise.all(started.map((run) => run.result()))).toEqual(RUNS.map((runId) => `said ${runId}`));

    // Whichever node owns a run, it was started by the caller, not by the node that passed the call on.
    await using asDeveloper = createChannel({ address: near.address, token: developer.secret });
    const runs = createClient(RunService, asDeveloper);
    const events = createClient(EventLogService, asDeveloper);
    for (const runId of RUNS) {
      const [first] = (await events.listEvents({ runId })).events;
      expect(first?.kind).toMatchObject({ case: 'runStarted', value: { requestedBy: 'ann' } });
      expect((await runs.getRun({ runId })).run?.runId).toBe(runId);
    }
    await runs.startRun({ workflow: 'tree', runId: 'unary', input: { value: { case: 'json', value: '"x"' } } });
    await runs.waitRun({ runId: 'unary' });
    expect(troubles).toEqual([]);

    await using atFar = createChannel({ address: far.address, token: developer.secret });
    const farRuns = createClient(RunService, atFar, { retry: { maxAttempts: 1 } });
    expect((await farRuns.getRun({ runId: 'unary' })).run?.runId).toBe('unary');
    const suspendedMs = Date.now();
    const status = { updateMask: { paths: ['status'] }, tenantId: TENANT };
    await tenants.updateTenant({ ...status, tenant: { status: TenantStatus.SUSPENDED } });
    const startAtFar = async (): Promise<string> =>
      await farRuns.startRun({ workflow: 'leaf' }).then(
        () => 'started',
        (error: { reason: string }) => error.reason,
      );
    await expect.poll(startAtFar, { timeout: HEARD_MS }).toBe('TENANT_SUSPENDED');
    expect(Date.now() - suspendedMs).toBeLessThan(HEARD_MS);
    await tenants.updateTenant({ ...status, tenant: { status: TenantStatus.ACTIVE } });
    await expect.poll(startAtFar, { timeout: HEARD_MS }).toBe('started');

    const revokedMs = Date.now();
    await tokens.revokeToken({ tenantId: TENANT, tokenId: developer.tokenId });
    await expect.poll(startAtFar, { timeout: HEARD_MS }).toBe('UNAUTHENTICATED');
    expect(Date.now() - revokedMs).toBeLessThan(HEARD_MS);
    await expect(runs.getRun({ runId: 'unary' })).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
  });
});
