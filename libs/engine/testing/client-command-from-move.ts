import type { Holder } from '../commands/claim-commands.ts';
import type { Command } from '../commands/command.ts';
import type { StateChange } from '../events/client-events.ts';
import { maybeTaskId, taskPath } from '../model/client-path.ts';
import type { Position, TaskHint } from '../model/client-state.ts';
import type { LeaseExpiry } from '../model/lease.ts';
import type { Run } from '../model/run.ts';
import { isTerminal, type RunStatus } from '../model/status.ts';
import { commandFromMove, type Move } from './command-from-move.ts';
import { failureOf, INCARNATION, payloadOf } from './scenario.ts';

/** How many choices there are. */
const CLIENT_CHOICES = 43;

const NONE = { output: undefined, failure: undefined } as const;

/**
 * The command that a move means for a CLIENT run as it is, right or wrong: what runtimes and workers of queues do, and
 * one in four what anybody may do to any run.
 */
export function clientCommandFromMove(run: Run, move: Move, now: number, fence: bigint): Command {
  const { choice, a, b } = move;
  const taskId = `task-${a % 4}`;
  const itemId = `item-${a % 5}`;
  const workerId = `worker-${b % 2}`;
  const control = { requestedBy: `user-${a % 2}`, reason: `reason ${b % 2}` };
  const expiry: LeaseExpiry = EXPIRIES[(a + b) % EXPIRIES.length] ?? { kind: 'heartbeat' };
  const next = b === 9 ? fence : fence + 1n;
  switch (choice % CLIENT_CHOICES) {
    case 0:
    case 1:
    case 2:
    case 3:
      return { kind: 'claimTask', taskId, workerId, sessionId: b % 3 === 0 ? 's' : '', fence: next, expiry };
    case 4:
    case 5:
    case 6: {
      const nodes = [...run.nodes.values()].filter(({ item }) => item !== undefined && item.lease === undefined);
      const node = nodes[a % Math.max(1, nodes.length)];
      const itemSequence = node?.item?.itemSequence ?? 3;
      const nodePath = node?.path ?? taskPath(taskId);
      return { kind: 'leaseItem', nodePath, itemSequence, workerId, sessionId: 's', fence: next, expiry };
    }
    case 7:
    case 8:
      return { kind: 'releaseClaim', ...holderOf(run, move, 'task/'), failed: b % 3 === 0 };
    case 9:
      return { kind: 'extendClaim', ...holderOf(run, move, ''), ttlMs: 20 + 10 * b };
    case 10: {
      const { nodePath, fence: held } = holderOf(run, move, '');
      return {
        kind: 'forceRelease',
        nodePath,
        fence: a % 2 === 0 ? held : undefined,
        countsAttempt: b > 5,
        ...control,
      };
    }
    case 11:
    case 12:
    case 13:
    case 14:
      return saveFromMove(run, move, now);
    case 15:
    case 16:
    case 17:
      return { kind: 'saveTaskResult', taskId, output: payloadOf(`${b}`), fence: fenceOf(run, taskPath(taskId), b) };
    case 18:
    case 19:
    case 20: {
      const nodeId = b % 3 === 0 ? taskId : '';
      const notBeforeTime = b > 7 ? now + 20 * a : undefined;
      const rest = { maxAttempts: 1 + (b % 3), priority: 1 + (b % 5), tags: b % 2 === 0 ? ['gpu'] : [], notBeforeTime };
      return { kind: 'enqueueItem', itemId, nodeId, queue: `queue-${b % 2}`, payload: payloadOf(`${a}`), ...rest };
    }
    case 21:
    case 22:
      return { kind: 'completeWorkItem', ...holderOf(run, move, 'item/'), output: payloadOf('1'), endsRun: false };
    case 23:
    case 24:
    case 25: {
      const failure = failureOf('Broken', a === 0);
      const retryAfterMs = b % 2 === 0 ? undefined : 10 * a;
      const counts = { countsAttempt: b < 7, isPoison: b === 3 };
      return { kind: 'failWorkItem', ...holderOf(run, move, 'item/'), failure, retryAfterMs, ...counts };
    }
    case 26: {
      const { nodePath, fence: held } = holderOf(run, move, '');
      const rest = { isOperator: b % 2 === 0, failure: failureOf('Moved'), requestedBy: control.requestedBy };
      return { kind: 'moveToDeadLetter', nodePath, fence: b > 6 ? held : undefined, ...rest };
    }
    case 27:
    case 28: {
      const { deadLetterId } = [...(run.client?.dead.values() ?? [])][a % 3] ?? { deadLetterId: 'none' };
      const { requestedBy } = control;
      if (b < 2) return { kind: 'purgeDeadLetter', deadLetterId, requestedBy, endsRun: false };
      return { kind: 'requeueDeadLetter', deadLetterId, notBeforeTime: b > 7 ? now + 30 : undefined, requestedBy };
    }
    case 29: {
      const change: StateChange = (['replace', 'merge', 'append'] as const)[b % 3] ?? 'merge';
      const expectedVersion = a > 7 ? b : undefined;
      return {
        kind: 'patchState',
        change,
        key: change === 'append' ? 'list' : '',
        value: payloadOf('{}'),
        expectedVersion,
      };
    }
    case 30: {
      const held = holderOf(run, move, '');
      const itemSequence = run.nodes.get(held.nodePath)?.item?.itemSequence ?? 3;
      const lease = { incarnation: INCARNATION, nodePath: held.nodePath, itemSequence, fence: held.fence ?? 1n };
      if (b > 4) return { kind: 'expireLease', lease };
      return { kind: 'releaseItem', lease, retryAfterMs: b % 2 === 0 ? undefined : 30, reason: 'forced by nobody' };
    }
    case 31:
    case 32:
      // Most of what holds a run back does not last long.
      if (run.status === 'PAUSED') return { kind: 'resumeRun', ...control };
      return { kind: 'clearControl', control: a % 2 === 0 ? 'CANCEL' : 'PAUSE' };
    default: {
      // Signals, wakes, controls, events and statuses: the last of what anybody may do. A run seldom ends by it.
      const command = commandFromMove(run, { ...move, choice: (choice % CLIENT_CHOICES) - 13 }, now, fence);
      return isEnd(command) && a !== b ? { kind: 'wake' } : command;
    }
  }
}

function isEnd(command: Command): boolean {
  switch (command.kind) {
    case 'cancelRun':
    case 'terminateRun':
      return true;
    case 'updateStatus':
      return isTerminal(command.status);
    default:
      return false;
  }
}

const EXPIRIES: readonly LeaseExpiry[] = [
  { kind: 'heartbeat' },
  { kind: 'ttl', ttlMs: 30 },
  { kind: 'ttl', ttlMs: 90 },
  { kind: 'noExpiry' },
];

/** Who holds some node, most often rightly; when nobody holds one, some node and a fence of before. */
function holderOf(run: Run, { a, b }: Move, prefix: 'task/' | 'item/' | ''): Holder {
  const nodes = [...run.nodes.values()].filter(({ path }) => path.startsWith(prefix));
  const held = nodes.filter(({ item }) => item?.lease !== undefined);
  const some = held.length > 0 && b !== 8 ? held : nodes;
  const node = some[a % Math.max(1, some.length)];
  const lease = node?.item?.lease;
  const fence = lease?.fence ?? node?.settled?.fence ?? 1n;
  const workerId = b === 7 ? 'worker-9' : (lease?.workerId ?? 'worker-0');
  return { nodePath: node?.path ?? `${prefix}none`, workerId, fence: b === 6 ? undefined : fence };
}

function fenceOf(run: Run, path: string, b: number): bigint | undefined {
  const node = run.nodes.get(path);
  if (b === 9) return 1n;
  return b === 8 ? node?.settled?.fence : node?.item?.lease?.fence;
}

function saveFromMove(run: Run, { a, b, choice }: Move, now: number): Command {
  const held = [...run.nodes.values()].find(({ item }) => item?.lease !== undefined);
  const fence = b % 3 === 0 ? held?.item?.lease?.fence : undefined;
  const head = run.client?.snapshots.at(-1)?.version ?? 0;
  const hints: readonly TaskHint[] =
    b % 4 === 0 ? [{ taskId: `task-${a % 4}`, priority: b % 5 === 0 ? undefined : 1 + (a % 5), tags: ['gpu'] }] : [];
  const statuses: readonly RunStatus[] = ['PAUSED', 'RUNNING', 'FAILED', 'PENDING'];
  return {
    kind: 'saveSnapshot',
    payload: payloadOf(`"${a}"`),
    status: choice % 7 === 0 ? (statuses[(a + b) % 11] ?? 'RUNNING') : 'RUNNING',
    position: positionFromMove(run, a, b, now),
    priority: a === 3 ? 1 + (b % 5) : undefined,
    tags: b % 2 === 0 ? [] : ['eu'],
    hints,
    atSequence: b === 5 ? run.lastSequence + a : run.lastSequence,
    expectedVersion: a === 9 ? head + 1 : head,
    fence: a === 8 ? 1n : fence,
    taskId: a % 2 === 0 ? '' : (maybeTaskId(held?.path ?? '') ?? ''),
    result: fence === undefined || a % 3 === 0 ? undefined : { output: payloadOf(`${b}`) },
    ...NONE,
    requestedBy: 'runtime',
  };
}

function positionFromMove(run: Run, a: number, b: number, now: number): Position | undefined {
  const taskId = `task-${b % 4}`;
  const nextTask = b === 9 ? '' : taskId;
  switch (a % 8) {
    case 0:
      return { kind: 'task', taskId };
    case 1:
      return { kind: 'fork', openTasks: ['task-0', 'task-1', 'task-2', 'task-3'].slice(b % 3) };
    case 2: {
      const before = run.client?.position;
      return before?.kind === 'fork' && before.openTasks.length > 1
        ? { kind: 'fork', openTasks: before.openTasks.slice(1) }
        : before;
    }
    case 3:
      return { kind: 'join', taskId, doneTasks: ['task-0'] };
    case 4:
      return { kind: 'delay', untilTime: now + 30 * b, nextTask };
    case 5:
      return { kind: 'signal', name: `signal-${b % 3}`, untilTime: undefined, nextTask };
    case 6:
      return { kind: 'signal', name: `signal-${b % 3}`, untilTime: now + 20 * b, nextTask };
    default:
      return b < 2 ? undefined : { kind: 'loop', taskId, iteration: b };
  }
}
