import type { ProcessHost } from '#libs/lifecycle/process-host.ts';
import type { Terminal } from './terminal.ts';
import { printable } from './text/printable.ts';

/** Something to print: as an object for machines, as text for people. */
export interface Printed {
  /** Absent: machines get nothing. */
  readonly json?: Readonly<Record<string, unknown>> | undefined;
  /** Empty or absent: people get nothing. */
  readonly text?: string | undefined;
}

/** Standard output: results and nothing else. */
export interface Output {
  readonly isJson: boolean;
  /** Prints at once, as whole lines. */
  print(printed: Printed): void;
}

/** Prints to standard output: one line of JSON for each thing, or its text without anything that steers a terminal. */
export function createOutput(host: ProcessHost, terminal: Terminal, isJson: boolean): Output {
  return {
    isJson,
    print({ json, text }) {
      terminal.clear();
      if (isJson && json !== undefined) {
        host.writeOut(`${JSON.stringify(json)}\n`);
      } else if (!isJson && text !== undefined && text !== '') {
        host.writeOut(`${printable(text)}\n`);
      }
    },
  };
}
