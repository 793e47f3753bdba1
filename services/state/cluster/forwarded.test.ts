import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ClusterService } from '#gen/millrace/state/v1/cluster_service_pb.ts';
import { RunService, type WatchRunResponse, WatchRunResponseSchema } from '#gen/millrace/state/v1/run_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { channelWithHeaders } from '#libs/rpc/client/channel-with-headers.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { createMemoryStateTables } from '#libs/store/memory/tables/state-tables.ts';
import { createTokenAuthenticator } from '#test/doors/token-authenticator.ts';
import {
  eventually,
  runOwnedBy,
  serveNode,
  type TestNode,
  type TestNodeOptions,
} from '#test/integration/ownership/serve-node.ts';
import { partitionOfKey } from './forwarding.ts';

const TENANT = 'acme';
const PARTITIONS = 4;

let nodes: AsyncDisposableStack;
let options: TestNodeOptions;

beforeEach(() => {
  nodes = new AsyncDisposableStack();
  options = {
    tables: createMemoryStateTables(),
    partitionCount: PARTITIONS,
    authenticator: createTokenAuthenticator('at once'),
    token: 'root',
  };
});

afterEach(async () => {
  await nodes.disposeAsync();
});

async function start(changes: Partial<TestNodeOptions> = {}): Promise<TestNode> {
  return nodes.use(await serveNode({ ...options, ...changes }));
}

/** Two nodes, each with half of the partitions, that are connected to each other. */
async function startPair(changes: Partial<TestNodeOptions> = {}): Promise<{ a: TestNode; b: TestNode }> {
  const a = await start(changes);
  const b = await start(changes);
  await eventually(() => a.host.served.size === 2 && b.host.served.size === 2);
  await eventually(() => a.peers.isConnected(b.nodeId) && b.peers.isConnected(a.nodeId));
  await eventually(() => [a, b].every(({ ownership }) => ownersOf(ownership).every((kind) => kind !== 'nobody')));
  return { a, b };
}

function ownersOf(ownership: TestNode['ownership']): readonly string[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => ownership.ownerOf(partition).kind);
}

/** Calls a node as a role does. No repeats: whatever a caller would see is seen. */
function runsOf(
  node: TestNode,
  role = 'developer',
  headers: Readonly<Record<string, string>> = {},
  newRequestId: () => string = randomUUID,
) {
  const channel = channelWithHeaders(node.channel, { authorization: `Bearer ${role}`, ...headers });
  return createClient(RunService, channel, { retry: { maxAttempts: 1 }, newRequestId });
}

describe('a call that came to another node', () => {
  test('is served by the owner, with the authorization and the ids of its caller', async () => {
    const { a, b } = await startPair();
    const runId = runOwnedBy(b, TENANT);
    const { run } = await runsOf(a).getRun({ runId }, { requestId: 'request-1' });
    expect(run).toMatchObject({ runId, workflow: b.nodeId });
    expect(a.served).toEqual([]);
    expect(b.served).toMatchObject([
      { requestId: 'request-1', context: { tenantId: TENANT, principal: { tokenId: 'token-developer' } } },
    ]);
    expect(b.served[0]?.context.remainingMs).toBeLessThanOrEqual(30_000);
  });

  test('is refused to whom the owner would refuse it: this node lends its own token to nobody', async () => {
    const { a, b } = await startPair();
    const runId = runOwnedBy(b, TENANT);
    await expect(runsOf(a, 'viewer').cancelRun({ runId })).rejects.toMatchObject({ reason: 'ROLE_DENIED' });
    await expect(runsOf(a, 'nobody').getRun({ runId })).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
    expect(b.served).toEqual([]);
  });

  test('brings back the refusal of the owner as it is', async () => {
    const { a, b } = await startPair();
    b.beforeGet = () => Promise.reject(new DomainError('RUN_NOT_FOUND', 'no such run', { metadata: { run_id: 'x' } }));
    await expect(runsOf(a).getRun({ runId: runOwnedBy(b, TENANT) })).rejects.toMatchObject({
      reason: 'RUN_NOT_FOUND',
      message: 'no such run',
      metadata: { run_id: 'x' },
    });
  });

  test('gets a request id when it changes something and has none', async () => {
    const { a, b } = await startPair();
    await runsOf(a).cancelRun({ runId: runOwnedBy(b, TENANT), requestId: 'mine' });
    expect(b.served.at(-1)?.requestId).toBe('mine');
    await runsOf(a, 'developer', {}, () => '').cancelRun({ runId: runOwnedBy(b, TENANT) });
    expect(b.served.at(-1)?.requestId).toMatch(/^[0-9a-f-]{36}$/);
    await runsOf(a, 'developer', {}, () => '').cancelRun({ runId: runOwnedBy(a, TENANT) });
    expect(a.served.at(-1)?.requestId).toBe('');
  });

  test('goes on no further than two nodes', async () => {
    const { a, b } = await startPair();
    const runId = runOwnedBy(b, TENANT);
    await expect(runsOf(a, 'developer', { 'x-millrace-forwarded': '2' }).getRun({ runId })).rejects.toMatchObject({
      reason: 'NOT_OWNER',
    });
    await expect(runsOf(a, 'developer', { 'x-millrace-forwarded': '1' }).getRun({ runId })).resolves.toMatchObject({
      run: { workflow: b.nodeId },
    });
  });

  test('an UNAVAILABLE that the owner says of itself is passed on, and soon', async () => {
    const { a, b } = await startPair();
    b.beforeGet = () => Promise.reject(new DomainError('UNAVAILABLE', 'the journal does not answer in time'));
    const startedMs = performance.now();
    await expect(runsOf(a).getRun({ runId: runOwnedBy(b, TENANT) })).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });

  test('[93] of a faulted partition is refused with DATA_CORRUPTION, wherever it comes in', async () => {
    const broken = new DomainError('DATA_CORRUPTION', 'a record fails its checksum');
    const prepare: TestNodeOptions['prepare'] = (host) => {
      host.failWith = (partition) => (partition === 1 ? broken : undefined);
    };
    const a = await start({ prepare });
    const b = await start({ prepare });
    await eventually(() => b.ownership.ownerOf(1).kind === 'peer');
    const runId = Array.from({ length: 100 }, (_, i) => `run-${i}`).find(
      (id) => partitionOfKey({ tenantId: TENANT, runId: id }, PARTITIONS) === 1,
    );
    for (const node of [a, b]) {
      await expect(runsOf(node).getRun({ runId: runId ?? '' })).rejects.toMatchObject({ reason: 'DATA_CORRUPTION' });
    }
  });
});

describe('[90] while a partition moves', () => {
  test('calls wait for its next owner, for a fraction of a second, and none of them fails', async () => {
    const { a, b } = await startPair();
    const runId = runOwnedBy(a, TENANT);
    const gapsMs: number[] = [];
    const owners = new Set<string | undefined>();
    let isOver = false;
    const callers = [a, b, a, b].map(async (node) => {
      const runs = runsOf(node);
      while (!isOver) {
        const startedMs = performance.now();
        const { run } = await runs.getRun({ runId });
        gapsMs.push(performance.now() - startedMs);
        owners.add(run?.workflow);
      }
    });
    await eventually(() => owners.size === 1);
    await a.ownership.drain(new AbortController().signal);
    await eventually(() => owners.size === 2);
    isOver = true;
    await Promise.all(callers);
    expect([...owners]).toEqual([a.nodeId, b.nodeId]);
    expect(Math.max(...gapsMs)).toBeLessThan(500);
  });

  test('calls of a node that died wait until its lease is over', async () => {
    const { a, b } = await startPair();
    const runId = runOwnedBy(b, TENANT);
    await b.crash();
    const { run } = await runsOf(a).getRun({ runId });
    expect(run?.workflow).toBe(a.nodeId);
  });

  test('a call at a node that stands still is made again at the next owner', async () => {
    const { a, b } = await startPair();
    const runId = runOwnedBy(b, TENANT);
    b.beforeGet = () => new Promise(() => undefined);
    const answer = runsOf(a).getRun({ runId });
    await eventually(() => b.served.length === 1);
    b.cutStore();
    expect((await answer).run?.workflow).toBe(a.nodeId);
  });

  test('a call that nobody knows the outcome of is not repeated without a request id', async () => {
    const { a } = await startPair();
    const runId = runOwnedBy(a, TENANT);
    const partition = partitionOfKey({ tenantId: TENANT, runId }, PARTITIONS);
    // It was lost between the look at the owner and the handler.
    a.host.drop(partition);
    const refused = runsOf(a, 'developer', {}, () => '').cancelRun({ runId });
    await expect(refused).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  });

  test('a caller hears UNAVAILABLE, never NOT_OWNER, when there is no owner for too long', async () => {
    const { a, b } = await startPair({ maxWaitMs: 300 });
    const runId = runOwnedBy(b, TENANT);
    await b.crash();
    await expect(runsOf(a).getRun({ runId })).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  });

  test('a caller waits no longer than it wants to', async () => {
    const { a, b } = await startPair();
    const runId = runOwnedBy(b, TENANT);
    await b.crash();
    const startedMs = performance.now();
    await expect(runsOf(a).getRun({ runId }, { deadlineMs: 200 })).rejects.toMatchObject({
      reason: 'DEADLINE_EXCEEDED',
    });
    expect(performance.now() - startedMs).toBeLessThan(700);
  });
});

describe('a stream that came to another node', () => {
  async function collect(answers: AsyncIterable<WatchRunResponse>): Promise<readonly string[]> {
    const heard: string[] = [];
    for await (const { frame } of answers) {
      heard.push(frame.case === 'run' ? frame.value.runId : (frame.case ?? ''));
    }
    return heard;
  }

  function frameOf(runId: string): WatchRunResponse {
    return create(WatchRunResponseSchema, { frame: { case: 'run', value: { runId } } });
  }

  test('is relayed from its owner, message by message', async () => {
    const { a, b } = await startPair();
    b.watch = async (_request, _context, out) => {
      for (const name of ['one', 'two', 'three']) await out.send(frameOf(name));
    };
    expect(await collect(runsOf(a).watchRun({ runId: runOwnedBy(b, TENANT) }))).toEqual(['one', 'two', 'three']);
  });

  test('is opened at the next owner when the first one dies before it has said anything', async () => {
    const { a, b } = await startPair();
    a.watch = async (_request, _context, out) => {
      await out.send(frameOf('from a'));
    };
    b.watch = () => new Promise(() => undefined);
    const heard = collect(runsOf(a).watchRun({ runId: runOwnedBy(b, TENANT) }));
    await eventually(() => b.served.length === 1);
    await b.crash();
    expect(await heard).toEqual(['from a']);
  });

  test('ends with UNAVAILABLE when its owner dies later on', async () => {
    const { a, b } = await startPair();
    b.watch = async (_request, _context, out) => {
      await out.send(frameOf('one'));
      await new Promise(() => undefined);
    };
    const heard: string[] = [];
    const reading = (async () => {
      for await (const { frame } of runsOf(a).watchRun({ runId: runOwnedBy(b, TENANT) })) heard.push(frame.case ?? '');
    })();
    reading.catch(() => undefined);
    await eventually(() => heard.length === 1);
    await b.crash();
    await expect(reading).rejects.toMatchObject({ kind: 'unavailable' });
    expect(heard).toEqual(['run']);
  });

  test('is told to come back when the node that it came to drains', async () => {
    const { a, b } = await startPair();
    b.watch = async (_request, { signal }, out) => {
      await out.send(frameOf('one'));
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    };
    const heard: string[] = [];
    const reading = (async () => {
      for await (const { frame } of runsOf(a).watchRun({ runId: runOwnedBy(b, TENANT) })) heard.push(frame.case ?? '');
    })();
    await eventually(() => heard.length === 1);
    await Promise.all([reading, a.server.drain(5_000)]);
    expect(heard).toEqual(['run', 'goAway']);
    await eventually(() => b.served[0]?.context.signal.aborted === true);
  });
});

describe('members', () => {
  test('are listed by id in pages, with what they own', async () => {
    const { a, b } = await startPair();
    const cluster = createClient(ClusterService, channelWithHeaders(a.channel, { authorization: 'Bearer viewer' }));
    const first = await cluster.listMembers({ pageSize: 1 });
    const second = await cluster.listMembers({ pageSize: 1, pageToken: first.nextPageToken });
    const all = [...(first.members?.members ?? []), ...(second.members?.members ?? [])];
    expect(all.map(({ memberId }) => memberId)).toEqual([a.nodeId, b.nodeId].toSorted((x, y) => (x < y ? -1 : 1)));
    expect(all.flatMap(({ partitionIds }) => partitionIds).toSorted((x, y) => x - y)).toEqual([0, 1, 2, 3]);
    expect(all.find(({ memberId }) => memberId === a.nodeId)).toMatchObject({
      address: a.server.addresses.grpc,
      partitions: 2,
      draining: false,
      newestFormat: 1,
    });
    expect(second.nextPageToken).toBe('');
    expect(first.members?.partitionCount).toBe(PARTITIONS);
    await expect(cluster.listMembers({ pageToken: 'AQ' })).rejects.toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
  });

  test('are watched: as they are, then with every change, and the stream says when to come back', async () => {
    const { a, b } = await startPair();
    const cluster = createClient(ClusterService, channelWithHeaders(a.channel, { authorization: 'Bearer viewer' }));
    const heard: (string | readonly boolean[])[] = [];
    const revisions: bigint[] = [];
    const reading = (async () => {
      for await (const { frame } of cluster.watchMembers({})) {
        if (frame.case !== 'members') heard.push(frame.case ?? '');
        else {
          heard.push(frame.value.members.map(({ draining }) => draining));
          revisions.push(frame.value.revision);
        }
      }
    })();
    await eventually(() => heard.length === 1);
    await b.ownership.drain(new AbortController().signal);
    await eventually(() => heard.some((list) => typeof list !== 'string' && list.includes(true)));
    await Promise.all([reading, a.server.drain(5_000)]);
    expect(heard[0]).toEqual([false, false]);
    expect(heard.at(-1)).toBe('goAway');
    expect(revisions).toEqual(revisions.toSorted((x, y) => (x < y ? -1 : 1)));
  });

  test('a watcher that comes with the newest revision hears nothing, one with that of another node all', async () => {
    const { a } = await startPair();
    const cluster = createClient(ClusterService, channelWithHeaders(a.channel, { authorization: 'Bearer viewer' }));
    const known = BigInt(a.ownership.members().revision);
    const quiet = new AbortController();
    const silent = (async () => {
      for await (const { frame } of cluster.watchMembers({ afterRevision: known }, { signal: quiet.signal })) {
        return frame.case;
      }
      return 'nothing';
    })();
    silent.catch(() => undefined);
    for await (const { frame } of cluster.watchMembers({ afterRevision: known + 1_000n })) {
      expect(frame.case).toBe('members');
      break;
    }
    quiet.abort();
    await expect(silent).rejects.toMatchObject({ reason: 'CALLER_GONE' });
  });
});
