/** Bytes of frames that are not acknowledged, of all assignments together. */
export interface SendBudget {
  readonly bytes: number;
  /** Whether nothing new should be begun that leads to frames. */
  readonly isFull: boolean;
  add(bytes: number): void;
  free(bytes: number): void;
  /** Calls back, in order, once there is room. */
  whenRoom(goOn: () => void): void;
}

/** Makes a budget of so many bytes. What is begun already may go beyond it. */
export function createSendBudget(maxBytes: number): SendBudget {
  const waiting: (() => void)[] = [];
  const budget = {
    bytes: 0,
    get isFull() {
      return budget.bytes >= maxBytes;
    },
    add: (bytes: number) => {
      budget.bytes += bytes;
    },
    free: (bytes: number) => {
      budget.bytes -= bytes;
      while (waiting.length > 0 && budget.bytes < maxBytes) waiting.shift()?.();
    },
    whenRoom: (goOn: () => void) => {
      waiting.push(goOn);
    },
  };
  return budget;
}
