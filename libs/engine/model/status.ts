/** Where a run is in its life. The last four are terminal: such an incarnation never changes again. */
export type RunStatus = 'PENDING' | 'RUNNING' | 'PAUSED' | 'COMPLETED' | 'FAILED' | 'CANCELLED' | 'TERMINATED';

/** The statuses that end a run. */
export type TerminalStatus = 'COMPLETED' | 'FAILED' | 'CANCELLED' | 'TERMINATED';

/** Who advances a run: the engine (`SERVER`) or a remote runtime that uses Millrace as its persistence (`CLIENT`). */
export type Driver = 'SERVER' | 'CLIENT';

/** Narrows a status to the four that end a run. */
export function isTerminal(status: RunStatus): status is TerminalStatus {
  switch (status) {
    case 'PENDING':
    case 'RUNNING':
    case 'PAUSED':
      return false;
    case 'COMPLETED':
    case 'FAILED':
    case 'CANCELLED':
    case 'TERMINATED':
      return true;
  }
}
