import type { ProcessHost } from '#libs/lifecycle/process-host.ts';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { printable } from './text/printable.ts';

/** Talks to the person at the terminal, on standard error. */
export interface Terminal {
  /** Shows a line in place of the one before; nothing where nobody reads a terminal. */
  progress(line: string): void;
  /** Takes the line away. */
  clear(): void;
  /** Says something that belongs to no result; nothing with `--json`. */
  note(line: string): void;
  /** Whether somebody is there who can be asked. */
  readonly canAsk: boolean;
  /**
   * Asks a question that is answered with yes or no. Everything but `y` and `yes` is no, the end of the input too.
   *
   * @throws StartError where nobody can be asked.
   */
  confirm(question: string): Promise<boolean>;
}

/** Where a terminal reads what somebody types. */
export interface Keyboard {
  readonly isInTerminal: boolean;
  /** Fails when the program is interrupted. */
  readonly read: () => AsyncIterable<Uint8Array>;
}

/** Lines are shown no more often: a terminal over a network is slow. */
const PAUSE_MS = 100;
const CLEAR_LINE = '\r\u001B[K';

/** Progress goes to standard error, so that standard output holds results and nothing else. */
export function createTerminal(host: ProcessHost, isJson: boolean, keyboard?: Keyboard): Terminal {
  const isShown = host.isErrTerminal && !isJson;
  const canAsk = host.isErrTerminal && keyboard?.isInTerminal === true;
  let shownMs = Number.NEGATIVE_INFINITY;
  let hasLine = false;

  function clear(): void {
    if (hasLine) {
      hasLine = false;
      host.writeErr(CLEAR_LINE);
    }
  }

  return {
    canAsk,
    clear,
    progress(line) {
      const nowMs = host.nowMs();
      if (isShown && nowMs - shownMs >= PAUSE_MS) {
        shownMs = nowMs;
        hasLine = true;
        host.writeErr(`${CLEAR_LINE}${printable(line)}`);
      }
    },
    note(line) {
      clear();
      if (!isJson) {
        host.writeErr(`${printable(line)}\n`);
      }
    },
    async confirm(question) {
      if (!canAsk) {
        throw new StartError('nobody is at a terminal to be asked');
      }
      clear();
      host.writeErr(`${printable(question)} [y/N] `);
      const answer = await readLine(keyboard.read());
      return ['y', 'yes'].includes(answer.trim().toLowerCase());
    },
  };
}

async function readLine(input: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of input) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes('\n')) {
      break;
    }
  }
  return text.split('\n', 1)[0] ?? '';
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes as people read them. */
export function describeBytes(bytes: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1);
  return power === 0 ? `${bytes} B` : `${(bytes / 1024 ** power).toFixed(1)} ${UNITS[power]}`;
}
