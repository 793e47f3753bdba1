import type { MembersView, MemberView, Owner } from './ownership.ts';
import type { PartitionSlot } from './partition-slot.ts';
import type { Sight } from './sight.ts';
import { standingMembers } from './standing-members.ts';
import type { TroubleLog } from './trouble-log.ts';

/** What a view is made of. */
export interface ClusterViewOptions {
  readonly nodeId: string;
  /** Where this node is reached. A member of the same address is one that it replaces: it is not asked any more. */
  readonly address: string;
  readonly slots: readonly PartitionSlot[];
  readonly sight: Sight;
  readonly firstRevision: number;
  readonly trouble: TroubleLog;
}

/** What callers are told of members and owners. */
export interface ClusterView {
  /** Looks again at everything, and tells the listeners when something is not as it was. */
  refresh(): void;
  ownerOf(partition: number): Owner;
  members(): MembersView;
  onChange(listener: () => void): () => void;
}

const SELF: Owner = { kind: 'self' };
const NOBODY: Owner = { kind: 'nobody' };
const FAULTED: Owner = { kind: 'faulted' };

/** Makes a view. It answers from what was last refreshed, so that asking costs nothing. */
export function createClusterView(options: ClusterViewOptions): ClusterView {
  const { nodeId, address: ownAddress, slots, sight, trouble } = options;
  const listeners = new Set<() => void>();
  let owners: readonly Owner[] = slots.map(() => NOBODY);
  let view: MembersView = { revision: options.firstRevision, partitionCount: slots.length, members: [] };
  let shown = { owners: '', members: '' };

  function readMembers(): readonly MemberView[] {
    return sight.members.map((member) => ({
      ...member,
      partitions: slots.flatMap(({ partition }) =>
        sight.lease(partition)?.row.nodeId === member.nodeId ? [partition] : [],
      ),
    }));
  }

  function readOwner({ partition, phase }: PartitionSlot, peers: ReadonlyMap<string, Owner>): Owner {
    switch (phase) {
      case 'serving':
        return SELF;
      case 'faulted':
        return FAULTED;
      case 'taking':
      case 'releasing':
        return NOBODY;
      case 'none': {
        const owner = sight.lease(partition)?.row.nodeId ?? '';
        return owner === nodeId ? NOBODY : (peers.get(owner) ?? NOBODY);
      }
    }
  }

  return {
    refresh: () => {
      const members = readMembers();
      const peers = new Map(
        standingMembers(members, ownAddress).map(({ nodeId: id, address }): [string, Owner] => [
          id,
          { kind: 'peer', nodeId: id, address },
        ]),
      );
      const next = slots.map((slot) => readOwner(slot, peers));
      const now = { owners: JSON.stringify(next), members: JSON.stringify(members) };
      const isSame = now.owners === shown.owners && now.members === shown.members;
      if (now.members !== shown.members) view = { ...view, members, revision: view.revision + 1 };
      if (now.owners !== shown.owners) owners = next;
      shown = now;
      if (isSame) return;
      // What a listener adds hears of the next change.
      const told = Array.from(listeners);
      for (const listener of told) {
        try {
          listener();
        } catch (error) {
          trouble('a listener of the cluster failed', error);
        }
      }
    },
    ownerOf: (partition) => owners[partition] ?? NOBODY,
    members: () => view,
    onChange: (listener) => {
      const own = (): void => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
}
