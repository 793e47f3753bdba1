/**
 * Which slots of a worker are taken, and how many items more the server may send. The server counts from a stream's
 * welcome on: the slots that the hello named, less what it still holds. What comes beyond that, because streams overlap, is
 * made good by credits that are not given back.
 */
export interface SlotBook {
  /** Assignments that are not over. */
  readonly taken: number;
  /** How many items the worker runs at a time. 0: it takes none. */
  readonly slots: number;
  /** Changes how many there are. */
  resize(slots: number): void;
  /** A stream was welcomed whose hello named `slots` and that holds `kept` items. */
  open(slots: number, kept: number): void;
  take(): void;
  free(): void;
  /** The credits to send now. They count as sent. */
  due(): number;
}

/** Makes a book of so many empty slots. */
export function createSlotBook(count: number): SlotBook {
  let slots = count;
  let taken = 0;
  let granted = 0;
  return {
    get taken() {
      return taken;
    },
    get slots() {
      return slots;
    },
    resize: (changed) => {
      slots = changed;
    },
    open: (named, kept) => {
      granted = Math.max(0, named - kept);
    },
    take: () => {
      taken += 1;
      if (granted > 0) granted -= 1;
    },
    free: () => {
      taken -= 1;
    },
    due: () => {
      const due = Math.max(0, slots - taken - granted);
      granted += due;
      return due;
    },
  };
}
