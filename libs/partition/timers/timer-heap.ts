import { PassingMap } from '#libs/collections/passing-map.ts';

/** Things that are due at a time, the earliest first; what is due at the same instant stays in the order it was set. */
export interface TimerHeap<T> {
  /** How many keys have a time. */
  readonly size: number;
  /** The earliest time, `Infinity` when there is none. */
  nextTime(): number;
  /** Gives a key its only time, in place of an earlier one. `Infinity` clears it. NaN is a RangeError. */
  set(key: T, dueTime: number): void;
  /** Forgets a key; without effect when it has no time. */
  clear(key: T): void;
  /** Takes out what is due at `now` or before, the earliest first, at most `limit` keys. */
  takeDue(now: number, limit: number): T[];
}

interface Slot<T> {
  readonly key: T;
  dueTime: number;
  order: number;
  index: number;
}

/** Makes an empty timer heap. Keys are told apart as those of a Map. `set` and `clear` take O(log n). */
export function createTimerHeap<T>(): TimerHeap<T> {
  const heap: Slot<T>[] = [];
  const slots = new PassingMap<T, Slot<T>>();
  let orders = 0;

  function place(slot: Slot<T>, index: number): void {
    heap[index] = slot;
    slot.index = index;
  }

  function siftUp(slot: Slot<T>): void {
    let index = slot.index;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || !isBefore(slot, parent)) break;
      place(parent, index);
      index = parentIndex;
    }
    place(slot, index);
  }

  function siftDown(slot: Slot<T>): void {
    let index = slot.index;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = heap[childIndex];
      if (child === undefined) break;
      const right = heap[childIndex + 1];
      if (right !== undefined && isBefore(right, child)) {
        child = right;
        childIndex += 1;
      }
      if (!isBefore(child, slot)) break;
      place(child, index);
      index = childIndex;
    }
    place(slot, index);
  }

  function remove(slot: Slot<T>): void {
    slots.delete(slot.key);
    const last = heap.pop();
    if (last === undefined || last === slot) return;
    place(last, slot.index);
    siftUp(last);
    siftDown(last);
  }

  function clear(key: T): void {
    const slot = slots.get(key);
    if (slot !== undefined) remove(slot);
  }

  return {
    get size() {
      return heap.length;
    },
    nextTime: () => heap[0]?.dueTime ?? Infinity,
    set: (key, dueTime) => {
      if (Number.isNaN(dueTime)) throw new RangeError('dueTime must be a number of milliseconds');
      if (dueTime === Infinity) {
        clear(key);
        return;
      }
      const slot = slots.get(key);
      orders += 1;
      if (slot === undefined) {
        const added = { key, dueTime, order: orders, index: heap.length };
        slots.set(key, added);
        siftUp(added);
      } else if (slot.dueTime !== dueTime) {
        slot.dueTime = dueTime;
        slot.order = orders;
        siftUp(slot);
        siftDown(slot);
      }
    },
    clear,
    takeDue: (now, limit) => {
      const due: T[] = [];
      for (let first = heap[0]; first !== undefined && first.dueTime <= now && due.length < limit; first = heap[0]) {
        remove(first);
        due.push(first.key);
      }
      return due;
    },
  };
}

function isBefore<T>(a: Slot<T>, b: Slot<T>): boolean {
  return a.dueTime < b.dueTime || (a.dueTime === b.dueTime && a.order < b.order);
}
