import type { ClaimTask, EnqueueItem } from '../commands/claim-commands.ts';
import type { SaveSnapshot } from '../commands/client-commands.ts';
import type { LeaseItem } from '../commands/item-commands.ts';
import type { StartRun } from '../commands/start-run.ts';
import type { Reply } from '../decide/decision.ts';
import type { SystemRecord } from '../events/client-events.ts';
import { itemPath, maybeItemId, maybeTaskId } from '../model/client-path.ts';
import type { ClientState, Position } from '../model/client-state.ts';
import type { Lease } from '../model/lease.ts';
import { assertTold, createTold, follow } from './follow-effects.ts';
import { createScenario, payloadOf, type Scenario, startCommand } from './scenario.ts';

/** A CLIENT run with a clock. After every command, what effects say is what the run says. */
export interface ClientScenario extends Scenario {
  readonly client: ClientState;
  /** Claims a task for `ann`, with a larger fence than every one before, for a second. */
  readonly claim: (taskId: string, change?: Partial<ClaimTask>) => Lease | undefined;
  /** Claims what is to be had. */
  readonly hold: (taskId: string, change?: Partial<ClaimTask>) => Lease;
  /** Saves a snapshot that says RUNNING; without a fence it expects the head. Answers the version. */
  readonly save: (position: Position | undefined, change?: Partial<SaveSnapshot>) => number;
  readonly saveCommand: (position: Position | undefined, change?: Partial<SaveSnapshot>) => SaveSnapshot;
  readonly result: (taskId: string, fence?: bigint) => Reply;
  readonly enqueue: (itemId: string, change?: Partial<EnqueueItem>) => Reply;
  /** Gives an item that is offered to `ann`, as a claim of its queue does. */
  readonly take: (itemId: string, change?: Partial<LeaseItem>) => Lease;
  /** What stands in the ready lists: names of tasks and items, in order. */
  readonly offered: () => readonly string[];
  /** The kinds of the system records of the last command. */
  readonly recordKinds: () => ReadonlyArray<SystemRecord['kind']>;
  readonly lastRecord: <Kind extends SystemRecord['kind']>(kind: Kind) => Extract<SystemRecord, { kind: Kind }>;
}

/** Makes a CLIENT run that was started, before this task if one is given. */
export function createClientScenario(firstTask?: string, start: Partial<StartRun> = {}): ClientScenario {
  const s = createScenario('CLIENT', {}, null);
  const told = createTold();
  const { attempt } = s;
  let fence = 1n << 56n;
  const client = s.run.client as ClientState;
  const scenario: ClientScenario = Object.assign(s, {
    client,
    attempt: (command: Parameters<typeof attempt>[0]) => {
      const done = attempt(command);
      follow(told, done.effects);
      assertTold(told, s.run);
      return done;
    },
    claim: (taskId: string, change: Partial<ClaimTask> = {}) => {
      fence += 1n;
      const base = { kind: 'claimTask', taskId, workerId: 'ann', sessionId: '', fence } as const;
      const reply = s.accept({ ...base, expiry: { kind: 'ttl', ttlMs: 1_000 }, ...change });
      return reply.kind === 'claim' ? reply.lease : undefined;
    },
    hold: (taskId: string, change: Partial<ClaimTask> = {}) => {
      const lease = scenario.claim(taskId, change);
      if (lease === undefined) throw new TypeError(`${taskId} is not to be had`);
      return lease;
    },
    saveCommand: (position: Position | undefined, change: Partial<SaveSnapshot> = {}): SaveSnapshot => ({
      kind: 'saveSnapshot',
      payload: payloadOf('"state"'),
      status: 'RUNNING',
      position,
      priority: undefined,
      tags: [],
      hints: [],
      atSequence: 0,
      expectedVersion: change.fence === undefined ? (client.snapshots.at(-1)?.version ?? 0) : undefined,
      fence: undefined,
      taskId: '',
      result: undefined,
      output: undefined,
      failure: undefined,
      requestedBy: 'ann',
      ...change,
    }),
    save: (position: Position | undefined, change: Partial<SaveSnapshot> = {}) => {
      const reply = s.accept(scenario.saveCommand(position, change));
      return reply.kind === 'saved' ? reply.version : 0;
    },
    result: (taskId: string, held?: bigint) =>
      s.accept({ kind: 'saveTaskResult', taskId, output: payloadOf('1'), fence: held }),
    enqueue: (itemId: string, change: Partial<EnqueueItem> = {}) =>
      s.accept({
        kind: 'enqueueItem',
        itemId,
        nodeId: '',
        queue: 'mail',
        payload: payloadOf('"to"'),
        maxAttempts: 3,
        priority: 3,
        tags: [],
        notBeforeTime: undefined,
        ...change,
      }),
    take: (itemId: string, change: Partial<LeaseItem> = {}) => {
      fence += 1n;
      const nodePath = itemPath(itemId);
      const itemSequence = s.run.nodes.get(nodePath)?.item?.itemSequence ?? 0;
      const base = { kind: 'leaseItem', nodePath, itemSequence, workerId: 'ann', sessionId: '', fence } as const;
      const reply = s.accept({ ...base, expiry: { kind: 'ttl', ttlMs: 1_000 }, ...change });
      if (reply.kind !== 'lease') throw new TypeError(`${itemId} was not leased`);
      return reply.lease;
    },
    offered: () =>
      Array.from(told.queued.values(), ({ nodePath }) => maybeTaskId(nodePath) ?? maybeItemId(nodePath) ?? nodePath),
    recordKinds: () => s.events.flatMap((event) => (event.kind === 'systemRecord' ? [event.record.kind] : [])),
    lastRecord: (kind: SystemRecord['kind']) => {
      const found = s.log.findLast((event) => event.kind === 'systemRecord' && event.record.kind === kind);
      if (found?.kind !== 'systemRecord') throw new TypeError(`no ${kind} in the log`);
      return found.record as never;
    },
  });
  const first = firstTask === undefined ? undefined : { taskId: firstTask, priority: undefined, tags: [] };
  scenario.accept(startCommand({ firstTask: first, ...start }));
  return scenario;
}

/** What somebody shows who holds a node. */
export function holderOf(
  nodePath: string,
  { workerId, fence }: Lease,
): { nodePath: string; workerId: string; fence: bigint } {
  return { nodePath, workerId, fence };
}
