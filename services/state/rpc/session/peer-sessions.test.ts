import { create } from '@bufbuild/protobuf';
import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { ErrorReason } from '#gen/millrace/common/v1/errors_pb.ts';
import { RejectionSchema } from '#gen/millrace/state/v1/rejection_pb.ts';
import {
  RunService,
  SessionRejectedSchema,
  type SessionRequest,
  type SessionResponse,
  SessionResponseSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import { createDevelopmentAuthenticator } from '#libs/auth/development-authenticator.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createRpcServer } from '#libs/rpc/server.ts';
import { bindService } from '#libs/rpc/service-binding.ts';
import { createPeerSessions } from './peer-sessions.ts';
import { type SessionMessage, waitOf } from './session-message.ts';

type Answer = Partial<Pick<SessionResponse, 'started' | 'ended' | 'accepted' | 'rejected' | 'goAway'>>;

/** A node that answers sessions by a function, and the part of a session that goes to it. */
async function servePeer(answer: (request: SessionRequest) => Answer | undefined) {
  await using resources = new AsyncDisposableStack();
  const requests: SessionRequest[] = [];
  const binding = bindService(RunService, {
    session: {
      ping: () => create(SessionResponseSchema, {}),
      async handle(incoming, _context, out) {
        for await (const request of incoming) {
          requests.push(request);
          const said = answer(request);
          if (said === undefined) return;
          await out.send(create(SessionResponseSchema, said));
        }
      },
    },
  });
  const server = resources.use(
    await createRpcServer({
      services: [binding],
      grpcListen: '127.0.0.1:0',
      httpListen: '127.0.0.1:0',
      authenticator: createDevelopmentAuthenticator(),
      log: pino({ level: 'silent' }),
    }),
  );
  const channel = resources.use(createChannel({ address: server.addresses.grpc }));
  const out = create(SessionResponseSchema, {});
  const unanswered: number[] = [];
  const returned: string[] = [];
  const peers = createPeerSessions(
    { channelTo: () => channel },
    '',
    { open: () => out },
    {
      onUnanswered: (message) => {
        unanswered.push(message.call);
        returned.push(message.$typeName.slice('millrace.state.v1.'.length));
      },
    },
  );
  resources.defer(() => peers.close());
  const owned = resources.move();
  return {
    requests,
    out,
    unanswered,
    returned,
    peers,
    send: (message: SessionMessage) => peers.send('far', server.addresses.grpc, message),
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  };
}

function startOf(call: number, wait = false) {
  return {
    $typeName: 'millrace.state.v1.SessionStart',
    call,
    start: create(RunService.method.startRun.input, { workflow: 'order' }),
    wait,
    brief: true,
  } as const;
}

function startedOf(call: number) {
  return { $typeName: 'millrace.state.v1.SessionStarted', call, outcome: 1, runId: 'r', incarnation: 'i' } as const;
}

test('entries of one turn leave as one message, and their answers go out with the same numbers', async () => {
  await using far = await servePeer(({ start }) => ({ started: start.map(({ call }) => startedOf(call)) }));
  far.send(startOf(7));
  far.send(startOf(8));
  await vi.waitFor(() => expect(far.out.started.map(({ call }) => call)).toEqual([7, 8]));
  expect(far.requests).toHaveLength(1);
});

test('an entry that was answered is not asked for again when the stream ends, one that was not is', async () => {
  await using far = await servePeer(({ start }) => {
    const [first] = start;
    return first?.call === 1 ? { started: [startedOf(1)] } : undefined;
  });
  far.send(startOf(1));
  await vi.waitFor(() => expect(far.out.started).toHaveLength(1));
  far.send(startOf(2));
  await vi.waitFor(() => expect(far.unanswered).toEqual([2]));
});

test('a start whose end is waited for is not answered for good by its start', async () => {
  await using far = await servePeer(({ start }) =>
    start.length > 0 ? { started: start.map(({ call }) => startedOf(call)) } : undefined,
  );
  far.send(startOf(1, true));
  await vi.waitFor(() => expect(far.out.started).toHaveLength(1));
  far.send(waitOf(2, 'r', ''));
  await vi.waitFor(() => expect(far.unanswered.toSorted((a, b) => a - b)).toEqual([1, 2]));
});

test('a number that was a waiting start and is used again is answered for good by its start', async () => {
  await using far = await servePeer(({ start }) => {
    if (start.some(({ wait }) => wait)) return undefined;
    return start.length > 0 ? { started: start.map(({ call }) => startedOf(call)) } : undefined;
  });
  far.send(startOf(1, true));
  await vi.waitFor(() => expect(far.unanswered).toEqual([1]));
  far.send(startOf(1));
  await vi.waitFor(() => expect(far.out.started).toHaveLength(1));
  expect(far.peers.forget(1)).toBe(false);
});

test('a start comes back as the wait for its end once it was answered, when its node refuses it for now', async () => {
  const rejection = create(RejectionSchema, { reason: ErrorReason.UNAVAILABLE });
  await using far = await servePeer(({ start }) => ({
    started: start.slice(0, 1).map(({ call }) => startedOf(call)),
    rejected: start.map(({ call }) => create(SessionRejectedSchema, { call, rejection })),
  }));
  far.send(startOf(1, true));
  far.send(startOf(2, true));
  await vi.waitFor(() => expect(far.returned).toEqual(['SessionWait', 'SessionStart']));
  expect(far.out.started.map(({ call }) => call)).toEqual([1]);
  expect(far.out.rejected).toEqual([]);
});

test('a wait that is forgotten is told to the node that has it, once', async () => {
  await using far = await servePeer(() => ({}));
  far.send(waitOf(3, 'r', ''));
  await vi.waitFor(() => expect(far.requests).toHaveLength(1));
  expect(far.peers.forget(3)).toBe(true);
  expect(far.peers.forget(3)).toBe(false);
  await vi.waitFor(() => expect(far.requests.flatMap(({ forget }) => forget)).toEqual([3]));
});

test('a node that sends its sessions away has what it did not answer asked for again', async () => {
  await using far = await servePeer(() => ({
    goAway: { $typeName: 'millrace.state.v1.GoAway' } as NonNullable<SessionResponse['goAway']>,
  }));
  far.send(startOf(5));
  await vi.waitFor(() => expect(far.unanswered).toEqual([5]));
});
