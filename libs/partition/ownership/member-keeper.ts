import type { MemberRow, MemberTable } from '#libs/store/tables/members.ts';
import type { Clock } from '../timers/clock.ts';
import { bodyFromMember, type MemberFacts } from './member-facts.ts';
import type { OwnershipTiming } from './timing.ts';

/** What a keeper of a member's row needs. */
export interface MemberKeeperOptions {
  readonly table: MemberTable;
  readonly clock: Clock;
  readonly timing: OwnershipTiming;
  readonly nodeId: string;
  readonly facts: MemberFacts;
  /** A sign of life failed; it is tried again. */
  onTrouble(error: unknown): void;
}

/** This node's row among the members. */
export interface MemberKeeper {
  /** Puts the row there and keeps it alive from now on. Rejects when the store fails; it may be called again. */
  join(): Promise<void>;
  /** Says that this node hands its partitions over. Rejects when the store fails; the next sign of life says it too. */
  setDraining(): Promise<void>;
  /** Gives no more signs of life. */
  stop(): void;
  /** Stops and takes the row away. Rejects when the store fails: the others take it away after a lease. */
  leave(): Promise<void>;
}

/** How often a write is tried when the row was not what it was known to be. */
const MAX_ATTEMPTS = 3;
/** Signs of life that may be without an answer. */
const MAX_IN_FLIGHT = 2;

/** Keeps a member's row alive by replacing it. When somebody took it away for dead it is put there again. */
export function createMemberKeeper(options: MemberKeeperOptions): MemberKeeper {
  const { table, clock, timing, nodeId, facts } = options;
  let row: MemberRow | undefined;
  let isDraining = false;
  let isStopped = false;
  let inFlight = 0;
  let cancelTimer: (() => void) | undefined;

  async function write(): Promise<void> {
    inFlight += 1;
    try {
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
        if (await maybeWrite()) return;
      }
    } finally {
      inFlight -= 1;
    }
  }

  /** Answers false when the row was not what it was known to be. */
  async function maybeWrite(): Promise<boolean> {
    const body = bodyFromMember({ ...facts, isDraining });
    const known = row ?? (await table.read(nodeId));
    if (isStopped) return true;
    const isDone = known === undefined ? await table.insert({ nodeId, body }) : await table.replace({ ...known, body });
    row = isDone ? { nodeId, body, revision: (known?.revision ?? 0) + 1 } : undefined;
    return isDone;
  }

  function arm(): void {
    if (isStopped) return;
    cancelTimer?.();
    cancelTimer = clock.setTimer(timing.renewMs, () => {
      if (inFlight < MAX_IN_FLIGHT) void write().catch((error: unknown) => options.onTrouble(error));
      arm();
    });
  }

  function stop(): void {
    isStopped = true;
    cancelTimer?.();
  }

  return {
    join: async () => {
      arm();
      await write();
    },
    setDraining: async () => {
      isDraining = true;
      await write();
    },
    stop,
    leave: async () => {
      stop();
      const known = await table.read(nodeId);
      if (known !== undefined) await table.delete(nodeId, known.revision);
    },
  };
}
