import { expect, test } from 'vitest';
import type { ProcessHost } from '#libs/lifecycle/process-host.ts';
import { createTerminal, describeBytes } from './terminal.ts';

function createHost(isErrTerminal: boolean): ProcessHost & { readonly written: string[]; timeMs: number } {
  const written: string[] = [];
  return {
    argv: [],
    isOutTerminal: true,
    isErrTerminal,
    written,
    timeMs: 0,
    writeOut: () => undefined,
    writeErr: (text) => void written.push(text),
    nowMs() {
      return this.timeMs;
    },
    onStopSignal: () => undefined,
    onUncaught: () => undefined,
    exit: () => undefined,
  };
}

test('progress is one line on a terminal, not more often than ten times a second, and is taken away', () => {
  const host = createHost(true);
  const terminal = createTerminal(host, false);
  terminal.progress('one');
  terminal.progress('two');
  host.timeMs = 150;
  terminal.progress('three');
  terminal.clear();
  terminal.clear();
  expect(host.written).toEqual(['\r\u001B[Kone', '\r\u001B[Kthree', '\r\u001B[K']);
});

test.each([
  [false, false],
  [true, true],
])('nothing is shown where nobody reads it: terminal %s, json %s', (isErrTerminal, isJson) => {
  const host = createHost(isErrTerminal);
  const terminal = createTerminal(host, isJson);
  terminal.progress('one');
  terminal.clear();
  expect(host.written).toEqual([]);
});

test.each([
  [0, '0 B'],
  [1_023, '1023 B'],
  [1_024, '1.0 KiB'],
  [300 * 1024 * 1024, '300.0 MiB'],
])('%i bytes are %s', (bytes, text) => {
  expect(describeBytes(bytes)).toBe(text);
});
