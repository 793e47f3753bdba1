import type { ProcessHost } from '#libs/lifecycle/process-host.ts';

/** Shows people how far something is. */
export interface Terminal {
  /** Shows a line in place of the one before; nothing where nobody reads a terminal. */
  progress(line: string): void;
  /** Takes the line away. */
  clear(): void;
}

/** Lines are shown no more often: a terminal over a network is slow. */
const PAUSE_MS = 100;
const CLEAR_LINE = '\r\u001B[K';

/** Progress goes to standard error, so that standard output holds results and nothing else. */
export function createTerminal(host: ProcessHost, isJson: boolean): Terminal {
  const isShown = host.isErrTerminal && !isJson;
  let shownMs = Number.NEGATIVE_INFINITY;
  let hasLine = false;
  return {
    progress(line) {
      const nowMs = host.nowMs();
      if (isShown && nowMs - shownMs >= PAUSE_MS) {
        shownMs = nowMs;
        hasLine = true;
        host.writeErr(`${CLEAR_LINE}${line}`);
      }
    },
    clear() {
      if (hasLine) {
        hasLine = false;
        host.writeErr(CLEAR_LINE);
      }
    },
  };
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes as people read them. */
export function describeBytes(bytes: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1);
  return power === 0 ? `${bytes} B` : `${(bytes / 1024 ** power).toFixed(1)} ${UNITS[power]}`;
}
