/** How a program ends, as shells and supervisors read it. */
export const EXIT_CODES = {
  /** It did what it was asked, draining after a signal included. */
  done: 0,
  /** It failed, and the log says how. */
  failed: 1,
  /** It never started, for a reason that the user can mend. */
  misuse: 2,
  /** It was interrupted for a second time (128 + 2). */
  interrupted: 130,
  /** It was told to end for a second time (128 + 15). */
  terminated: 143,
} as const;
