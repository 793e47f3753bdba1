import type { StateTables } from '#libs/store/store.ts';
import type { PartitionLeaseRow } from '#libs/store/tables/leases.ts';
import type { MemberRow } from '#libs/store/tables/members.ts';
import type { Clock } from '../timers/clock.ts';
import { DAMAGED_NOTE, type LeaseNote, NEWER_NOTE, noteFromBody } from './lease-note.ts';
import { type MemberBody, memberFromBody } from './member-facts.ts';
import { isNewerBody } from './row-body.ts';
import { createRowWatch } from './row-watch.ts';
import type { OwnershipTiming } from './timing.ts';

/** A partition's lease as it was seen last. */
export interface SeenLease {
  readonly row: PartitionLeaseRow;
  readonly note: LeaseNote;
}

/** A node that gave a sign of life within a lease. */
export interface SeenMember extends MemberBody {
  readonly nodeId: string;
}

/** What this node sees of the cluster. */
export interface Sight {
  /** Reads all rows. Answers false when the store failed: then nothing was seen for long. */
  look(): Promise<boolean>;
  /** A row of a lease is known from this node's own write. */
  note(row: PartitionLeaseRow): void;
  /** Absent: nobody ever owned the partition. */
  lease(partition: number): SeenLease | undefined;
  /** How long a lease, or that there is none, was seen unchanged. */
  unchangedMs(partition: number): number;
  /** When a lease was first seen as it is. */
  sinceMs(partition: number): number;
  /** How long the row of a member was seen unchanged; 0 for one that was not seen. */
  memberUnchangedMs(nodeId: string): number;
  /** The nodes that are alive, by id. */
  readonly members: readonly SeenMember[];
  /** Rows of nodes that are not alive any more. */
  readonly dead: readonly MemberRow[];
}

/** What looks at the rows. */
export interface SightOptions {
  readonly tables: Pick<StateTables, 'leases' | 'members'>;
  readonly clock: Clock;
  readonly timing: OwnershipTiming;
  readonly nodeId: string;
  readonly partitionCount: number;
  /** Nobody else lives: see `OwnershipOptions`. */
  readonly isExclusive: boolean;
  readonly onTrouble: (what: string, error: unknown) => void;
}

/** Makes a sight that has seen nothing yet. */
export function createSight(options: SightOptions): Sight {
  const { tables, clock, timing, nodeId, partitionCount, onTrouble } = options;
  const maxGapMs = timing.leaseMs / 2;
  const leaseWatch = createRowWatch<number>(maxGapMs);
  const memberWatch = createRowWatch<string>(maxGapMs);
  const leases: (SeenLease | undefined)[] = Array.from({ length: partitionCount }, () => undefined);
  const bodies = new Map<string, { readonly revision: number; readonly member: SeenMember | undefined }>();
  let members: readonly SeenMember[] = [];
  let dead: readonly MemberRow[] = [];

  function put(row: PartitionLeaseRow): void {
    const known = leases[row.partition];
    // A read that was on its way may show what was before this node's own write.
    if (known !== undefined && known.row.revision >= row.revision) return;
    leases[row.partition] = { row, note: readNote(row) };
  }

  function readNote({ partition, body }: PartitionLeaseRow): LeaseNote {
    try {
      return noteFromBody(partition, body);
    } catch (error) {
      const isNewer = isNewerBody(body);
      onTrouble(
        `the lease of partition ${partition} cannot be read${isNewer ? ', so that the partition is not taken' : ''}`,
        error,
      );
      return isNewer ? NEWER_NOTE : DAMAGED_NOTE;
    }
  }

  function maybeMember({ nodeId: id, revision, body }: MemberRow): SeenMember | undefined {
    const known = bodies.get(id);
    if (known?.revision === revision) return known.member;
    let member: SeenMember | undefined;
    try {
      member = { nodeId: id, ...memberFromBody(id, body) };
    } catch (error) {
      onTrouble(`the row of member ${id} cannot be read, so that it is left out`, error);
    }
    bodies.set(id, { revision, member });
    return member;
  }

  function isAlive({ nodeId: id }: MemberRow): boolean {
    return id === nodeId || (!options.isExclusive && memberWatch.unchangedMs(id) < timing.leaseMs);
  }

  return {
    look: async () => {
      let leaseRows: readonly PartitionLeaseRow[];
      let memberRows: readonly MemberRow[];
      try {
        [leaseRows, memberRows] = await Promise.all([tables.leases.list(), tables.members.list()]);
      } catch (error) {
        leaseWatch.fail();
        memberWatch.fail();
        onTrouble('the rows of leases and members cannot be read', error);
        return false;
      }
      const nowMs = clock.monotonic();
      for (const row of leaseRows) if (row.partition < partitionCount) put(row);
      leaseWatch.see(
        leases.map((lease, partition) => [partition, lease?.row.revision ?? 0] as const),
        nowMs,
      );
      memberWatch.see(
        memberRows.map((row) => [row.nodeId, row.revision] as const),
        nowMs,
      );
      const alive = memberRows.filter(isAlive);
      for (const id of bodies.keys()) if (!alive.some((row) => row.nodeId === id)) bodies.delete(id);
      members = alive.map(maybeMember).filter((member) => member !== undefined);
      dead = memberRows.filter((row) => !isAlive(row));
      return true;
    },
    note: (row) => {
      put(row);
      leaseWatch.note(row.partition, row.revision, clock.monotonic());
    },
    lease: (partition) => leases[partition],
    unchangedMs: (partition) => leaseWatch.unchangedMs(partition),
    sinceMs: (partition) => leaseWatch.sinceMs(partition),
    memberUnchangedMs: (id) => memberWatch.unchangedMs(id),
    get members() {
      return members;
    },
    get dead() {
      return dead;
    },
  };
}
