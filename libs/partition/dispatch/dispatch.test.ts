import { describe, expect, test } from 'vitest';
import type { ReadyEntry } from '../ready/ready-entry.ts';
import type { Clock } from '../timers/clock.ts';
import { createDispatch, type Dispatch } from './dispatch.ts';
import type { DispatchSession } from './dispatch-session.ts';
import type { HeldLease, ItemOwner, WorkerLink, WorkerRef } from './held-lease.ts';

const ORDER = { graceMs: 5_000, reason: 'deploy' };
const WORKER = { tenantId: 't', workerId: 'w' };
const SHAPE = {
  tenantId: 't',
  queues: new Set(['default']),
  tags: new Set<string>(),
  definitions: new Set(['order@1']),
};

interface World {
  readonly dispatch: Dispatch;
  readonly owner: ItemOwner;
  /** Who claimed what. */
  readonly claimed: string[];
  /** What links were told of drains. */
  readonly told: string[];
  readonly pass: (ms: number) => void;
  readonly connect: (sessionId: string, credits: number, workerId?: string) => DispatchSession;
  /** Offers so many items. Answers the sessions that have them at once. */
  readonly offer: (count: number) => (string | undefined)[];
  readonly hold: (sessionId: string) => HeldLease;
}

function createWorld(): World {
  let nowMs = 1_000;
  let count = 0;
  const clock: Clock = {
    now: () => nowMs,
    monotonic: () => nowMs,
    setTimer: () => () => undefined,
    setNextTurn: () => () => undefined,
  };
  const dispatch = createDispatch(clock);
  const claimed: string[] = [];
  const told: string[] = [];
  const owner: ItemOwner = {
    leaseClaimed: (_entry, { sessionId }: WorkerRef) => {
      claimed.push(sessionId);
    },
  };
  const linkOf = (sessionId: string): WorkerLink => ({
    assign: () => undefined,
    wake: () => undefined,
    tell: () => undefined,
    revoke: () => undefined,
    drain: (_graceMs, reason, undo) => {
      told.push(`${sessionId} ${undo ? 'works' : reason}`);
    },
  });
  const entry = (): ReadyEntry => {
    count += 1;
    return {
      tenantId: 't',
      runId: `r${count}`,
      incarnation: 'i',
      nodePath: '',
      itemSequence: 2,
      workflow: 'order',
      version: '1',
      queue: 'default',
      tags: [],
      priority: 3,
      scheduleTime: count,
      failedWorkerId: '',
    };
  };
  return {
    dispatch,
    owner,
    claimed,
    told,
    pass: (ms) => {
      nowMs += ms;
    },
    connect: (sessionId, credits, workerId = 'w') =>
      dispatch.connect({
        sessionId,
        workerId,
        shape: SHAPE,
        credits,
        link: linkOf(sessionId),
        expiry: { kind: 'heartbeat' },
      }),
    offer: (items) => Array.from({ length: items }, () => dispatch.offer(entry(), owner)?.sessionId),
    hold: (sessionId) => {
      count += 1;
      const proof = { incarnation: 'i', nodePath: '', itemSequence: 2, fence: BigInt(count) };
      const key = { tenantId: 't', runId: `r${count}` };
      const held = { owner, key, proof, worker: { sessionId, workerId: 'w' }, handle: 1 };
      dispatch.hold(held);
      return held;
    },
  };
}

describe('a worker that is drained', () => {
  test('gets nothing for credits that it sends or that come back, and has them all again afterwards', () => {
    const { dispatch, connect, offer, claimed, told } = createWorld();
    const session = connect('s', 1);
    dispatch.drain(WORKER, ORDER);
    dispatch.addCredits(session, 2);
    dispatch.returnCredit('s');
    expect(offer(5)).toEqual([undefined, undefined, undefined, undefined, undefined]);
    expect([claimed, session.keptCredits]).toEqual([[], 4]);
    dispatch.undrain(WORKER, ORDER);
    expect(claimed).toEqual(['s', 's', 's', 's']);
    expect(told).toEqual(['s deploy', 's works']);
    dispatch.undrain(WORKER, ORDER);
    dispatch.addCredits(session, 1);
    expect(claimed).toHaveLength(5);
  });

  test('gets nothing when its session comes back, nor by another session of it', () => {
    const { dispatch, connect, offer, claimed } = createWorld();
    const before = connect('s', 1);
    dispatch.drain(WORKER, ORDER);
    if (before.link !== undefined) dispatch.disconnect(before, before.link);
    const again = connect('s', 2);
    const other = connect('s2', 1);
    expect([again.drainOrder, other.drainOrder]).toEqual([ORDER, ORDER]);
    expect(connect('s3', 0, 'w3').drainOrder).toBeUndefined();
    dispatch.addCredits(other, 0);
    expect(offer(3)).toEqual([undefined, undefined, undefined]);
    expect(claimed).toEqual([]);
    dispatch.undrain(WORKER, ORDER);
    expect(claimed).toEqual(['s', 's', 's2']);
  });

  test('has the credits once that were taken from it meanwhile', () => {
    const { dispatch, connect, offer } = createWorld();
    const session = connect('s', 3);
    dispatch.drain(WORKER, ORDER);
    expect(dispatch.takeCredits(session)).toBe(3);
    dispatch.undrain(WORKER, ORDER);
    expect(offer(1)).toEqual([undefined]);
  });

  test('is forgotten with its last session', () => {
    const { dispatch, connect, pass } = createWorld();
    const session = connect('s', 1);
    dispatch.drain(WORKER, ORDER);
    if (session.link !== undefined) dispatch.disconnect(session, session.link);
    pass(59_000);
    expect(connect('s2', 1).drainOrder).toEqual(ORDER);
    pass(61_000);
    const second = dispatch.maybeSession('s2');
    if (second?.link !== undefined) dispatch.disconnect(second, second.link);
    pass(61_000);
    connect('x', 0, 'w-x');
    expect(dispatch.maybeSession('s2')).toBeUndefined();
    expect(connect('s4', 1).drainOrder).toBeUndefined();
  });
});

describe('a session that is gone', () => {
  test('is forgotten a minute later although an older one is connected', () => {
    const { dispatch, connect, pass } = createWorld();
    connect('old', 1);
    for (let index = 0; index < 20; index += 1) {
      const session = connect(`s${index}`, 1);
      if (session.link !== undefined) dispatch.disconnect(session, session.link);
    }
    pass(60_000);
    for (let index = 0; index < 3; index += 1) connect(`n${index}`, 1);
    expect(Array.from(dispatch.sessions(), ({ sessionId }) => sessionId)).toEqual(['old', 'n0', 'n1', 'n2']);
  });

  test('is remembered while it holds something or was heard', () => {
    const { dispatch, connect, hold, pass } = createWorld();
    const ids = (): readonly string[] => Array.from(dispatch.sessions(), ({ sessionId }) => sessionId);
    const held = hold('holds');
    dispatch.heardMs({ sessionId: 'heard', workerId: 'w' }, 't');
    pass(60_000);
    const heard = dispatch.maybeSession('heard');
    if (heard !== undefined) dispatch.heard(heard);
    connect('n1', 0);
    expect(ids()).toEqual(['holds', 'heard', 'n1']);
    dispatch.drop(held);
    pass(60_000);
    connect('n2', 0);
    expect(ids()).toEqual(['n1', 'n2']);
  });

  test('is remembered when it has come back, until it is gone again', () => {
    const { dispatch, connect, pass } = createWorld();
    const session = connect('s', 1);
    if (session.link !== undefined) dispatch.disconnect(session, session.link);
    pass(30_000);
    const again = connect('s', 1);
    pass(40_000);
    connect('n1', 0);
    expect(dispatch.maybeSession('s')).toBe(again);
    if (again.link !== undefined) dispatch.disconnect(again, again.link);
    pass(59_000);
    connect('n2', 0);
    expect(dispatch.maybeSession('s')).toBe(again);
    pass(1_000);
    connect('n3', 0);
    expect(dispatch.maybeSession('s')).toBeUndefined();
  });
});

test('a hold that moves to another session of its worker is that session’s alone', () => {
  const { dispatch, connect, hold } = createWorld();
  const held = hold('s/1');
  const session = connect('s', 1);
  dispatch.moveHold(held, session);
  expect(dispatch.maybeSession('s/1')?.held.size).toBe(0);
  expect([...session.held]).toEqual([held]);
  dispatch.drop(held);
  expect(session.held.size).toBe(0);
});

test('what is heard of the session that a worker named is heard of what its calls have, in that tenant alone', () => {
  const world = createWorld();
  const { dispatch } = world;
  const call = { sessionId: 's/1', workerId: 'w' };
  const named = world.connect('s', 0, 'w');
  const heardMs = dispatch.heardMs(call, 't');
  world.pass(5_000);
  expect(dispatch.heardMs(call, 't')).toBe(heardMs);
  dispatch.heard(named);
  expect(dispatch.heardMs(call, 't')).toBe(heardMs + 5_000);
  expect(dispatch.heardMs({ sessionId: 's/2', workerId: 'w' }, 'other')).toBe(heardMs + 5_000);
  world.pass(1_000);
  dispatch.heard(named);
  expect(dispatch.heardMs({ sessionId: 's/2', workerId: 'w' }, 'other')).toBe(heardMs + 5_000);
});

describe('[71] a tenant that is suspended', () => {
  test('gets nothing for its credits, and what waits for all of them once it is resumed', () => {
    const { dispatch, connect, offer, claimed, told } = createWorld();
    const session = connect('s', 1);
    dispatch.suspendTenant('t');
    dispatch.suspendTenant('t');
    dispatch.addCredits(session, 2);
    dispatch.returnCredit('s');
    const late = connect('late', 1, 'w2');
    dispatch.addCredits(late, 0);
    expect(offer(5)).toEqual([undefined, undefined, undefined, undefined, undefined]);
    expect([claimed, session.keptCredits, late.keptCredits]).toEqual([[], 4, 1]);
    dispatch.resumeTenant('t');
    expect(claimed).toEqual(['s', 's', 's', 's', 'late']);
    expect(told).toEqual([]);
    dispatch.resumeTenant('t');
    expect([claimed.length, session.keptCredits]).toEqual([5, 0]);
  });

  test('keeps its hands off a worker that drains besides, and the other way round', () => {
    const { dispatch, connect, offer, claimed } = createWorld();
    connect('s', 2);
    dispatch.drain(WORKER, ORDER);
    dispatch.suspendTenant('t');
    expect(offer(2)).toEqual([undefined, undefined]);
    dispatch.resumeTenant('t');
    expect(claimed).toEqual([]);
    dispatch.suspendTenant('t');
    dispatch.undrain(WORKER, ORDER);
    expect(claimed).toEqual([]);
    dispatch.resumeTenant('t');
    expect(claimed).toEqual(['s', 's']);
  });

  test('is no other one', () => {
    const { dispatch, connect, offer } = createWorld();
    connect('s', 1);
    dispatch.suspendTenant('other');
    expect(offer(1)).toEqual(['s']);
  });
});
