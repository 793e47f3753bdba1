import { randomBytes } from 'node:crypto';
import type { StartRun } from '#libs/engine/commands/start-run.ts';
import { NO_RULES, startCommand } from '#libs/engine/testing/scenario.ts';
import { createCommitContext } from '#libs/partition/commit/commit-context.ts';
import type { DispatchSession } from '#libs/partition/dispatch/dispatch-session.ts';
import type { HeldLease, WorkerLink } from '#libs/partition/dispatch/held-lease.ts';
import { incarnationFrom } from '#libs/partition/runs/incarnation.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import { createPartitionNode, type NodeOptions, type PartitionNode } from '#libs/partition/serve/node.ts';
import { startRun } from '#libs/partition/serve/start-run.ts';
import { createSystemClock } from '#libs/partition/timers/system-clock.ts';
import type { OpenStateStore } from '#libs/store/opening/open-context.ts';

/** The tenant of all runs. */
const TENANT = 'default';

/** A worker of a node, as its stream would be. */
export interface NodeWorker {
  readonly session: DispatchSession;
  /** What it holds, by run, in the order in which it came. */
  readonly held: Map<string, HeldLease>;
  /** The ids of the runs whose items it was assigned, in order. */
  readonly assigned: string[];
  /** The ids of the runs that an owner found it to hold. */
  readonly found: string[];
}

/** A node that serves partition 0 of a store, without doors. */
export interface ServedNode extends AsyncDisposable {
  readonly node: PartitionNode;
  /** What was troublesome, in words. */
  readonly troubles: string[];
  readonly start: (runId: string, workflow?: string, more?: Partial<StartRun>) => Promise<void>;
  /** Connects a worker for one workflow; it takes so many items. */
  readonly worker: (credits: number, workflow?: string) => NodeWorker;
  /** Gives an item back, not to be offered before so long. */
  readonly release: (held: HeldLease, retryAfterMs: number) => Promise<void>;
  /** Resolves when the tables show everything that was committed. */
  readonly settle: () => Promise<void>;
}

let sessions = 0;

/** Serves a store, as the owner of an epoch. */
export async function serveNode(
  store: OpenStateStore,
  epoch: number,
  changes: Partial<NodeOptions> = {},
): Promise<ServedNode> {
  const troubles: string[] = [];
  const newIncarnation = (now: number): string => incarnationFrom(now, randomBytes(10));
  const node = createPartitionNode({
    store,
    readRules: async () => NO_RULES,
    clock: createSystemClock(),
    commitContext: createCommitContext(
      () => randomBytes(16),
      (error) => troubles.push(String(error)),
    ),
    resolve: () => Promise.reject(new TypeError('no children are started here')),
    newIncarnation,
    random: () => 0.5,
    deliver: () => Promise.reject(new TypeError('no messages are sent here')),
    mayAnswer: () => true,
    onLost: () => undefined,
    onTrouble: (what, error) => troubles.push(`${what}: ${String(error)}`),
    ...changes,
  });
  await node.takeOver(0, epoch, AbortSignal.timeout(10_000));
  const [partition] = node.served();
  if (partition === undefined) throw new TypeError('the partition is not served');

  return {
    node,
    troubles,
    start: (runId, workflow = 'order', more = {}) =>
      ask(
        partition,
        { tenantId: TENANT, runId },
        {
          intent: 'startRun',
          act: (visit) => {
            startRun(visit, partition.state, {
              terms: { policy: 'FAIL', allowNewDefinition: false },
              driver: 'SERVER',
              rules: NO_RULES,
              start: { request: undefined, retentionMs: 86_400_000, traceparent: '' },
              command: startCommand({ workflow, ...more }),
              newIncarnation,
            });
          },
        },
      ),
    worker: (credits, workflow = 'order') => {
      sessions += 1;
      const sessionId = `session-${sessions}`;
      const held = new Map<string, HeldLease>();
      const assigned: string[] = [];
      const found: string[] = [];
      const link: WorkerLink = {
        assign: (lease) => {
          assigned.push(lease.key.runId);
          held.set(lease.key.runId, lease);
        },
        found: (lease) => found.push(lease.key.runId),
        wake: () => undefined,
        tell: () => undefined,
        revoke: (lease) => held.delete(lease.key.runId),
        drain: () => undefined,
      };
      const session = node.dispatch.connect({
        sessionId,
        workerId: sessionId,
        shape: {
          tenantId: TENANT,
          queues: new Set(['default']),
          tags: new Set(),
          definitions: new Set([`${workflow}@1`]),
        },
        credits: 0,
        link,
        expiry: { kind: 'heartbeat' },
      });
      node.dispatch.addCredits(session, credits);
      return { session, held, assigned, found };
    },
    release: (held, retryAfterMs) =>
      ask(partition, held.key, {
        intent: 'releaseItem',
        act: (visit) => {
          visit.perform({ kind: 'releaseItem', lease: held.proof, retryAfterMs, reason: 'later' });
        },
      }),
    settle: async () => {
      await node.materialised(0, partition.line.durablePosition, AbortSignal.timeout(10_000));
    },
    [Symbol.asyncDispose]: () => node.stop(),
  };
}
