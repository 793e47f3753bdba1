import { PassingMap } from '#libs/collections/passing-map.ts';
import type { LeaseProof } from '#libs/engine/commands/item-commands.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { partitionOfSlot, slotOf } from '#libs/store/slots.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { PeerWork } from './peer-work.ts';

/** An assignment as its stream knows it. */
export interface StreamItem {
  readonly handle: number;
  readonly key: RunKey;
  readonly proof: LeaseProof;
  readonly partition: number;
  /** The run, as the last frame found it: the next one finds it faster. */
  hot: HotRun | undefined;
  /** The priority of its run, which its children inherit. */
  priority: number;
  /** Where its frames go. `here`: to the partition in this process. Absent: nobody has it for now. */
  route: 'here' | PeerWork | undefined;
  /** Who was asked to take it and has not answered. */
  towards: 'here' | PeerWork | undefined;
  /** What names it on the stream to a peer. */
  peerHandle: number;
  /** Frames that wait for a payload of one before them to be stored. Absent: none does. */
  waiting: (() => void)[] | undefined;
}

/** What names an item. */
export interface NamedItem {
  readonly key: RunKey;
  readonly proof: LeaseProof;
}

/** The assignments of a stream by handle. */
export interface StreamItems {
  readonly size: number;
  get(handle: number): StreamItem | undefined;
  /** Names an item with a fresh, even handle. */
  assign(named: NamedItem, priority: number, route: StreamItem['route']): StreamItem;
  /** Names an item as the worker wants it. */
  adopt(handle: number, named: NamedItem, priority: number, route: StreamItem['route']): StreamItem;
  /** The assignment is over. */
  remove(handle: number): void;
  values(): IterableIterator<StreamItem>;
}

/** The table of a stream without assignments. */
export function createStreamItems(partitionCount: number): StreamItems {
  const items = new PassingMap<number, StreamItem>();
  let lastHandle = 0;

  function add(handle: number, { key, proof }: NamedItem, priority: number, route: StreamItem['route']): StreamItem {
    const { tenantId, runId } = key;
    const partition = partitionCount === 1 ? 0 : partitionOfSlot(slotOf(tenantId, runId), partitionCount);
    const item = {
      handle,
      key,
      proof,
      partition,
      hot: undefined,
      priority,
      route,
      towards: undefined,
      peerHandle: 0,
      waiting: undefined,
    };
    items.set(handle, item);
    return item;
  }

  return {
    get size() {
      return items.size;
    },
    get: (handle) => items.get(handle),
    assign: (named, priority, route) => {
      lastHandle += 2;
      return add(lastHandle, named, priority, route);
    },
    adopt: add,
    remove: (handle) => {
      items.delete(handle);
    },
    values: () => items.values(),
  };
}
