import type { MillraceError } from '#libs/sdk/millrace.ts';
import type { Terminal } from '../terminal.ts';

/** Tells the person at the terminal what goes wrong and is tried again: the same thing once in a row. */
export function createTroubleNotes(terminal: Terminal): (error: MillraceError) => void {
  let last = '';
  return ({ reason, message }) => {
    const line = `${reason}: ${message}; it is tried again`;
    if (line !== last) terminal.note(line);
    last = line;
  };
}
