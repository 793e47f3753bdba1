import { create } from '@bufbuild/protobuf';
import { type WorkRequest, type WorkResponse, WorkResponseSchema } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { HeldState, Welcome } from '#gen/millrace/state/v1/work_down_pb.ts';
import type { Hello } from '#gen/millrace/state/v1/work_up_pb.ts';
import { type AnnouncedDefinition, WorkMode } from '#gen/millrace/state/v1/worker_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { DispatchSession } from '#libs/partition/dispatch/dispatch-session.ts';
import type { HeldLease, WorkerRef } from '#libs/partition/dispatch/held-lease.ts';
import { buildsOf, type WorkerShape } from '#libs/partition/ready/worker-shape.ts';
import { HEARTBEAT_LEASE_MS } from '#libs/partition/runs/next-time.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { Outbound } from '#libs/rpc/handler.ts';
import { assertWorkerRoom } from '../access/tenant-limits.ts';
import type { StateContext } from '../context.ts';
import { announcedFrom } from '../reads/worker-message.ts';
import { ackToProto } from '../wire/assignment.ts';
import { durationFromMs } from '../wire/duration.ts';
import { workRejection } from '../wire/rejection.ts';
import { storeAnnounced } from './announced-definitions.ts';
import { createCreditBook } from './credit-book.ts';
import { createDownBatch } from './down-batch.ts';
import { type AdoptedItem, lostItem, maybeAdopt, noteHeld, releaseUnnamed, untoldHolds } from './held-items.ts';
import { createHistoryReader } from './history-reader.ts';
import { createItemFrames } from './item-frames.ts';
import type { WorkerIntroduction } from './peer-work.ts';
import { createStreamItems, type StreamItem } from './stream-items.ts';
import { createWorkLink } from './work-link.ts';
import { createWorkRelay, type WorkRelay } from './work-relay.ts';
import { announcedCode, definitionName, workerFacts } from './worker-facts.ts';

/** How often a worker says that it is alive. */
const HEARTBEAT_MS = 10_000;
/** The version of the stream's protocol. */
const PROTOCOL = 1;
const DEFAULT_QUEUE = 'default';

/** A worker's stream, once it said hello. */
export interface WorkSession {
  /** Handles a message after the hello. */
  handle(message: WorkRequest): Promise<void> | void;
  /** The stream has ended. */
  end(): void;
}

/** Opens the session of a stream by its first message, and welcomes the worker. */
export async function openWorkSession(
  context: StateContext,
  call: CallContext,
  first: WorkRequest,
  out: Outbound<WorkResponse>,
  cut: (error: DomainError) => void,
): Promise<WorkSession> {
  const { hello } = first;
  if (hello === undefined) throw firstIsHello();
  const { tenantId, signal } = call;
  const { cluster } = context;
  const { dispatch } = context.node;
  if (call.hops === 0) assertWorkerRoom(context, tenantId, hello.workerId);
  await storeAnnounced(context, tenantId, hello.definitions);
  const logFault = (error: unknown, errorId: string): void => {
    call.log.error({ err: error, errorId }, 'a frame of a worker failed');
  };
  const batch = createDownBatch(out, () => create(WorkResponseSchema), cut);
  const items = createStreamItems(cluster.partitionCount);
  const sessionId = hello.sessionId || context.newIncarnation(context.nowMs());
  const worker: WorkerRef = { sessionId, workerId: hello.workerId };
  assertOwnSession(dispatch.maybeSession(sessionId), tenantId);
  const link = createWorkLink(items, batch, endHandle, returnUnlessNamed);
  const before = [...(dispatch.maybeSession(sessionId)?.held ?? [])];
  for (const held of before) held.handle = 0;
  let shape = shapeOf(tenantId, hello);
  const brought = noteHeld(items, tenantId, hello.held);
  let adopted = await adoptOwn(brought);
  while (!areCurrent(adopted)) adopted = await adoptOwn(brought);
  const session = dispatch.connect({
    ...worker,
    shape,
    credits: Math.max(0, hello.slots - items.size),
    link,
    expiry: { kind: 'heartbeat' },
    facts: workerFacts(hello, call.hops),
    announced: announcedCode(hello.definitions),
  });
  const credits = createCreditBook(hello.slots, {
    addHere: (count) => dispatch.addCredits(session, count),
    takeHere: () => dispatch.takeCredits(session),
  });
  for (const { route } of items.values()) if (route === undefined) credits.left('here');
  const relay = hello.mode === WorkMode.DIRECT ? undefined : createRelay();
  releaseUnnamed(context, before);
  batch.open().welcome = welcomeOf(context, session, statesOf(adopted));
  // A worker that came back may not know it, and gets nothing.
  if (session.drainOrder !== undefined) link.drain(session.drainOrder.graceMs, session.drainOrder.reason, false);
  dispatch.addCredits(session, 0);
  context.node.announceBuilds(tenantId, session.announced);
  relay?.reconcile();

  const frames = createItemFrames(
    context,
    items,
    {
      onAck: (item, ordinal, lastSequence, settled) => {
        if (settled) endItem(item);
        batch.open().ack.push(ackToProto(item.handle, ordinal, lastSequence, settled));
      },
      onReject: (handle, ordinal, error, item) => {
        if (item !== undefined && isFinal(error)) endItem(item);
        batch.open().reject.push(workRejection(handle, ordinal, error, logFault));
      },
    },
    signal,
  );
  let unnamed: ReadonlySet<HeldLease> = new Set();
  const history = createHistoryReader(context, items, batch, logFault, signal);

  function createRelay(): WorkRelay {
    const introduction = (): WorkerIntroduction => ({
      ...pick(hello as Hello),
      sessionId,
      definitions: [...shape.definitions].map((name) => announcedFrom(name, session.announced.get(name))),
    });
    const adoptHere = (item: StreamItem): Promise<AdoptedItem | undefined> => maybeAdopt(context, worker, item);
    const onPartitionsTaken = (): void => releaseUnnamed(context, untoldHolds(context, session, items));
    return createWorkRelay({ context, call, introduction, items, credits, batch, adoptHere, onPartitionsTaken });
  }

  /** Returns what an owner found that is new, unless the worker, or who relays its stream, names it within a heartbeat. */
  function returnUnlessNamed(held: HeldLease): void {
    const look = (): void => {
      if (session.link === link && session.held.has(held) && held.handle === 0) releaseUnnamed(context, [held]);
    };
    setTimeout(look, HEARTBEAT_MS).unref();
  }

  /** Returns what was taken for held after the hello, when its row was read, and has gone unnamed for a whole heartbeat. */
  function sweepUnnamed(): void {
    const still = [...session.held].filter(({ handle }) => handle === 0);
    releaseUnnamed(
      context,
      still.filter((held) => unnamed.has(held)),
    );
    unnamed = new Set(still);
  }

  function endHandle(handle: number): void {
    const item = items.get(handle);
    if (item !== undefined) endItem(item);
  }

  function endItem(item: StreamItem): void {
    if (relay !== undefined) {
      relay.endItem(item);
      return;
    }
    items.remove(item.handle);
    credits.ended('here');
  }

  /** Takes the items that are served here; what becomes of the others is told once their owner has said it. */
  async function adoptOwn(wanted: readonly StreamItem[]): Promise<readonly AdoptedItem[]> {
    const found = await Promise.all(wanted.map(maybeAdoptOwn));
    return found.filter((one) => one !== undefined);
  }

  async function maybeAdoptOwn(item: StreamItem): Promise<AdoptedItem | undefined> {
    const isAlone = hello?.mode === WorkMode.DIRECT;
    if (!isAlone && cluster.ownerOf(item.partition).kind !== 'self') return undefined;
    const adopted = await maybeAdopt(context, worker, item);
    if (adopted === undefined) {
      items.remove(item.handle);
      return { state: lostItem(item.handle), isCurrent: () => true };
    }
    item.route = 'here';
    return adopted;
  }

  function changeShape(definitions: ReadonlySet<string>): void {
    session.announced = new Map([...session.announced].filter(([name]) => definitions.has(name)));
    shape = { ...shape, definitions, builds: buildsOf(session.announced) };
    dispatch.changeShape(session, shape);
    relay?.reopen();
  }

  function announce(definitions: readonly AnnouncedDefinition[]): void {
    const codes = announcedCode(definitions);
    session.announced = new Map([...session.announced, ...codes]);
    changeShape(new Set([...shape.definitions, ...codes.keys()]));
    context.node.announceBuilds(tenantId, codes);
  }

  return {
    handle: (message) => {
      if (message.hello !== undefined) throw onlyOneHello();
      dispatch.heard(session);
      frames.handle(message);
      for (const request of message.historyRequest) history.send(request);
      if (message.credits !== undefined) credits.returned(message.credits.add);
      if (message.heartbeat !== undefined) {
        relay?.heartbeat(message.heartbeat);
        sweepUnnamed();
      }
      if (message.retract.length > 0) {
        const gone = new Set(message.retract.map(definitionName));
        changeShape(new Set([...shape.definitions].filter((name) => !gone.has(name))));
      }
      if (message.announce.length === 0 && message.held.length === 0) return undefined;
      return (async () => {
        await storeAnnounced(context, tenantId, message.announce);
        if (message.announce.length > 0) announce(message.announce);
        const more = noteHeld(items, tenantId, message.held);
        let taken = await adoptOwn(more);
        while (!areCurrent(taken)) taken = await adoptOwn(more);
        // Only now: the message that fills leaves at the end of its turn.
        batch.open().held.push(...statesOf(taken));
        relay?.reconcile();
      })();
    },
    end: () => {
      relay?.close();
      dispatch.disconnect(session, link);
    },
  };
}

/** What a worker says of itself to every node, but for what it can run. */
function pick({
  workerId,
  queues,
  tags,
  tasks,
  sdk,
  freeItems,
}: Hello): Omit<WorkerIntroduction, 'sessionId' | 'definitions'> {
  return { workerId, queues, tags, tasks, sdk, freeItems };
}

/** Whether what is told of items is still so in this turn. */
function areCurrent(adopted: readonly AdoptedItem[]): boolean {
  return adopted.every((one) => one.isCurrent());
}

function statesOf(adopted: readonly AdoptedItem[]): HeldState[] {
  return adopted.map(({ state }) => state);
}

function shapeOf(tenantId: string, { queues, tags, definitions }: Hello): WorkerShape {
  return {
    tenantId,
    queues: new Set(queues.length === 0 ? [DEFAULT_QUEUE] : queues),
    tags: new Set(tags),
    definitions: new Set(definitions.map(definitionName)),
    builds: buildsOf(announcedCode(definitions)),
  };
}

function welcomeOf(context: StateContext, { sessionId }: DispatchSession, held: Welcome['held']): Welcome {
  return {
    $typeName: 'millrace.state.v1.Welcome',
    sessionId,
    heartbeatInterval: durationFromMs(HEARTBEAT_MS),
    held,
    protocol: PROTOCOL,
    leaseDuration: durationFromMs(HEARTBEAT_LEASE_MS),
    memberId: context.nodeId,
  };
}

/** Whether a refusal ends the assignment, so that its handle is good for nothing any more. */
function isFinal(error: unknown): boolean {
  return error instanceof DomainError && ['LEASE_LOST', 'RUN_TERMINAL', 'RUN_NOT_FOUND'].includes(error.reason);
}

function assertOwnSession(known: DispatchSession | undefined, tenantId: string): void {
  if (known === undefined || known.tenantId === tenantId) return;
  const description = 'is in use';
  throw new DomainError('INVALID_FIELDS', `hello.session_id ${description}`, {
    violations: [{ field: 'hello.session_id', description }],
  });
}

function firstIsHello(): DomainError {
  const description = 'is required in the first message';
  return new DomainError('INVALID_FIELDS', `hello ${description}`, { violations: [{ field: 'hello', description }] });
}

function onlyOneHello(): DomainError {
  const description = 'comes in the first message only';
  return new DomainError('INVALID_FIELDS', `hello ${description}`, { violations: [{ field: 'hello', description }] });
}
