import type { Command } from '../commands/command.ts';
import type { LeaseExpiry } from '../model/lease.ts';
import { ROOT, type Run } from '../model/run.ts';
import type { RunStatus } from '../model/status.ts';
import { CHILD_OPTIONS, failureOf, INCARNATION, payloadOf, recordCommand, startCommand, stepOf } from './scenario.ts';

/** One random choice of a command: what it is, and numbers to fill it with. */
export interface Move {
  readonly choice: number;
  readonly a: number;
  readonly b: number;
  readonly elapsedMs: number;
}

/** The command that a move means for a run as it is, right or wrong. `fence` is the largest that was given out. */
export function commandFromMove(run: Run, { choice, a, b }: Move, now: number, fence: bigint): Command {
  const item = run.nodes.get(ROOT)?.item;
  const settled = run.nodes.get(ROOT)?.settled;
  const lease = {
    incarnation: choice === 59 ? '01980000-0000-7000-8000-000000000099' : INCARNATION,
    nodePath: ROOT,
    itemSequence: item?.itemSequence ?? settled?.itemSequence ?? 2,
    fence: a === 9 ? 1n : (item?.lease?.fence ?? settled?.fence ?? 0n),
  };
  const ordinal = run.stepCount + (b === 9 ? 2 : b === 8 ? 0 : 1);
  const step = stepOf(`step-${a % 4}`, b % 2);
  const name = `signal-${a % 3}`;
  const control = { requestedBy: `user-${a % 2}`, reason: `reason ${b % 2}` };
  const child = [...run.children.values()][a % Math.max(1, run.children.size)];
  const expiries: readonly LeaseExpiry[] = [
    { kind: 'heartbeat' },
    { kind: 'ttl', ttlMs: 30 + b },
    { kind: 'noExpiry' },
  ];
  const record = (change: Parameters<typeof recordCommand>[2]): Command =>
    recordCommand(lease, ordinal, { step, attempt: 1 + (b % 3), ...change });
  switch (choice % 30) {
    case 0:
    case 1:
    case 2:
    case 3: {
      const expiry = expiries[a % 3] ?? { kind: 'heartbeat' };
      const next = b === 9 ? fence : fence + 1n;
      const itemSequence = item?.itemSequence ?? 2;
      return {
        kind: 'leaseItem',
        nodePath: ROOT,
        itemSequence,
        workerId: `worker-${a % 2}`,
        sessionId: 's',
        fence: next,
        expiry,
      };
    }
    case 4:
    case 5:
      return record({});
    case 6:
      return record({ record: { kind: 'begin', timeoutMs: 10 + 10 * a, heartbeatTimeoutMs: undefined } });
    case 7: {
      const retryTime = b % 2 === 0 ? now + 20 * a : undefined;
      return record({ record: { kind: 'failed', failure: failureOf('Broken'), retryTime } });
    }
    case 8:
      return record({ record: { kind: 'value', value: payloadOf('7') } });
    case 9:
      return record({ record: { kind: 'set', key: `key-${a % 2}`, value: b % 2 === 0 ? payloadOf('1') : undefined } });
    case 10:
      return record({
        record: { kind: 'attributes', attributes: { [name]: { kind: 'integer', value: BigInt(a) } }, removed: [] },
      });
    case 11:
      return { kind: 'parkFunction', lease, ordinal, step, wait: { kind: 'timer', dueTime: now + 30 * a } };
    case 12:
    case 13: {
      const timeoutMs = b % 2 === 0 ? undefined : 40 * a;
      return { kind: 'parkFunction', lease, ordinal, step, wait: { kind: 'signal', name, timeoutMs } };
    }
    case 14:
      return { kind: 'parkFunction', lease, ordinal, step, wait: { kind: 'child', runId: `child-${a % 3}` } };
    case 15: {
      const waits = [...run.waits.values()];
      return { kind: 'withdrawWait', lease, step: waits[a % Math.max(1, waits.length)]?.step ?? step };
    }
    case 16:
      return { kind: 'yieldSlot', lease, knownSequence: a % 2 === 0 ? run.lastSequence : 0 };
    case 17: {
      const mode = (['WAIT', 'DETACH', 'CANCEL_WITH_PARENT'] as const)[b % 3] ?? 'WAIT';
      const input = payloadOf('[]');
      return {
        kind: 'startChild',
        lease,
        ordinal,
        step,
        runId: `child-${a % 3}`,
        workflow: 'pick',
        version: '',
        mode,
        input,
        options: CHILD_OPTIONS,
      };
    }
    case 18: {
      const scheduledSequence = child?.scheduledSequence ?? 1;
      const runId = child?.runId ?? 'child-9';
      if (b === 0) {
        const rejection = { reason: 'RUN_EXISTS', message: 'no', metadata: {} };
        return { kind: 'reportChildRejection', scheduledSequence, runId, rejection };
      }
      const childIncarnation = '01980000-0000-7000-8000-000000000002';
      if (b % 2 === 1) return { kind: 'reportChildStart', scheduledSequence, runId, childIncarnation, version: '1' };
      const output = payloadOf('"out"');
      return { kind: 'reportChildEnd', runId, childIncarnation, status: 'COMPLETED', output, failure: undefined };
    }
    case 19:
    case 20:
      return { kind: 'sendSignal', name, signalId: b < 5 ? `id-${b}` : '', payload: payloadOf(`${a}`) };
    case 21:
      if (b < 7) return { kind: 'wake' };
      return { kind: 'timeOutStep', step, attempt: 1 };
    case 22: {
      if (b < 5) return { kind: 'expireLease', lease };
      return { kind: 'extendLease', lease, ttlMs: b < 7 ? undefined : 50 };
    }
    case 23: {
      const reason = 'drain';
      return { kind: 'releaseItem', lease, retryAfterMs: b % 2 === 0 ? undefined : 30, reason };
    }
    case 24:
      if (b < 7) return { kind: 'announceBuild', build: `build-${a % 2}` };
      return { kind: 'clearControl', control: a % 2 === 0 ? 'CANCEL' : 'PAUSE' };
    case 25: {
      if (b > 4) return { kind: 'resumeRun', ...control };
      return { kind: 'pauseRun', ...control };
    }
    case 26:
      if (b > 4) return { kind: 'resumeRun', ...control };
      return { kind: 'cancelRun', ...control };
    case 27: {
      const stepCount = run.stepCount + (b === 9 ? 1 : 0);
      if (a > 6) return { kind: 'completeItem', lease, stepCount, output: payloadOf('"done"') };
      const divergence =
        b > 6 ? { expectedStep: 'x', foundStep: 'y', sourceLocation: 'a.ts:1', build: `build-${a % 2}` } : undefined;
      const failure = failureOf('Broken', a === 0);
      return { kind: 'failItem', lease, stepCount, failure, retryAfterMs: undefined, divergence, random: b / 10 };
    }
    case 28: {
      if (b === 0) return { kind: 'terminateRun', ...control };
      if (b < 4) return { kind: 'consumeSignal', name };
      if (b < 7) return { kind: 'checkControls', checks: 'both', taskId: 'task' };
      const events = Array.from({ length: a % 3 }, () => ({
        type: 'did',
        data: payloadOf('1'),
        sourceTime: undefined,
        metadata: { k: 'v' },
      }));
      return { kind: 'appendEvents', events, expectedSequence: b === 9 ? a : undefined };
    }
    default: {
      if (b < 3) return startCommand({ runTimeoutMs: 100_000 });
      const statuses: readonly RunStatus[] = ['RUNNING', 'PAUSED', 'RUNNING', 'COMPLETED', 'PENDING'];
      return {
        kind: 'updateStatus',
        status: statuses[a % 5] ?? 'RUNNING',
        expectedStatus: undefined,
        output: undefined,
        failure: undefined,
        ...control,
      };
    }
  }
}
