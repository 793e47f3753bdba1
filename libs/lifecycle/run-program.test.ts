import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ProcessHost, StopSignal } from './process-host.ts';
import { type Program, runProgram, type StartScope } from './run-program.ts';
import { StartError } from './start-error.ts';

/** A process that ends by remembering its first exit code. */
function createFakeHost() {
  const out: string[] = [];
  const err: string[] = [];
  const exited = Promise.withResolvers<number>();
  let onSignal: (signal: StopSignal) => void = () => undefined;
  let onUncaught: (error: unknown) => void = () => undefined;
  const host: ProcessHost = {
    argv: [],
    isOutTerminal: false,
    isErrTerminal: false,
    writeOut: (text) => void out.push(text),
    writeErr: (text) => void err.push(text),
    nowMs: () => performance.now(),
    onStopSignal: (listener) => {
      onSignal = listener;
    },
    onUncaught: (listener) => {
      onUncaught = listener;
    },
    exit: (code) => exited.resolve(code),
  };
  return {
    host,
    out,
    err,
    exited: exited.promise,
    signal: (signal: StopSignal) => onSignal(signal),
    uncaught: (error: unknown) => onUncaught(error),
  };
}

function createProgram(start: (scope: StartScope) => Promise<void>, logged: string[] = []): Program {
  return {
    kind: 'program',
    log: pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) }),
    graceMs: 10_000,
    start,
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('a signal drains and closes the parts, and the program ends with 0', async () => {
  const { host, signal, exited } = createFakeHost();
  const said: string[] = [];
  const ready = Promise.withResolvers<void>();
  const program = createProgram(async ({ parts, signal: stop }) => {
    stop.addEventListener('abort', () => said.push('abort'));
    parts.add({
      name: 'server',
      drain: async (graceMs) => void said.push(`drain ${graceMs}`),
      close: () => void said.push('close'),
    });
    ready.resolve();
  });
  const run = runProgram(host, 'p', async () => ({ ...program, onDraining: () => void said.push('draining') }));
  await ready.promise;
  signal('SIGTERM');
  expect(await exited).toBe(0);
  await run;
  expect(said).toEqual(['abort', 'draining', 'drain 8000', 'close']);
});

test('a second signal after half a second ends a program that still drains at once', async () => {
  const { host, signal, exited } = createFakeHost();
  const draining = Promise.withResolvers<void>();
  const program = createProgram(async ({ parts }) => {
    parts.add({ name: 'stuck', drain: () => (draining.resolve(), new Promise(() => undefined)) });
  });
  void runProgram(host, 'p', async () => program);
  await vi.advanceTimersByTimeAsync(0);
  signal('SIGINT');
  signal('SIGINT');
  await draining.promise;
  await vi.advanceTimersByTimeAsync(600);
  signal('SIGINT');
  expect(await exited).toBe(130);
});

test('a program that does not stop within its grace period is ended by force', async () => {
  const { host, signal, exited } = createFakeHost();
  const logged: string[] = [];
  const program = createProgram(async ({ parts }) => {
    parts.add({ name: 'stuck', close: () => new Promise(() => undefined) });
  }, logged);
  void runProgram(host, 'p', async () => program);
  await vi.advanceTimersByTimeAsync(0);
  signal('SIGTERM');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await exited).toBe(1);
  expect(logged.join('')).toContain('the grace period is over');
});

test('a signal during the start ends the program with 0 once the start has given up', async () => {
  const { host, signal, exited } = createFakeHost();
  let closed = false;
  const program = createProgram(({ parts, signal: stop }) => {
    parts.add({ name: 'lock', close: () => void (closed = true) });
    return new Promise((_, reject) => stop.addEventListener('abort', () => reject(stop.reason)));
  });
  void runProgram(host, 'p', async () => program);
  await vi.advanceTimersByTimeAsync(0);
  signal('SIGINT');
  expect(await exited).toBe(0);
  expect(closed).toBe(true);
});

test('a start that ignores the signal is ended by force', async () => {
  const { host, signal, exited } = createFakeHost();
  void runProgram(host, 'p', async () => createProgram(() => new Promise(() => undefined)));
  await vi.advanceTimersByTimeAsync(0);
  signal('SIGINT');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await exited).toBe(1);
});

test.each(['while it is created', 'while it starts'])('a start error %s is one line and exit code 2', async (when) => {
  const { host, err, exited } = createFakeHost();
  const logged: string[] = [];
  let closed = false;
  const error = new StartError('the data folder x is in use');
  await runProgram(host, 'millrace-state', async () => {
    if (when === 'while it is created') {
      throw error;
    }
    return createProgram(async ({ parts }) => {
      parts.add({ name: 'lock', close: () => void (closed = true) });
      throw error;
    }, logged);
  });
  expect(await exited).toBe(2);
  expect(err).toEqual(['millrace-state: the data folder x is in use\n']);
  expect(logged).toEqual([]);
  expect(closed).toBe(when === 'while it starts');
});

test('any other error is logged with its stack and ends with 1', async () => {
  const { host, err, exited } = createFakeHost();
  const logged: string[] = [];
  await runProgram(host, 'p', async () => createProgram(() => Promise.reject(new TypeError('a fault')), logged));
  expect(await exited).toBe(1);
  expect(err).toEqual([]);
  expect(logged.join('')).toContain('TypeError: a fault\\n    at');
});

test('an error before there is a log goes to standard error with its stack', async () => {
  const { host, err, exited } = createFakeHost();
  await runProgram(host, 'p', () => Promise.reject(new TypeError('a fault')));
  expect(await exited).toBe(1);
  expect(err.join('')).toMatch(/^p: TypeError: a fault\n {4}at/);
});

test('what nobody caught is fatal and logged', async () => {
  const { host, uncaught, exited } = createFakeHost();
  const logged: string[] = [];
  void runProgram(host, 'p', async () => createProgram(async () => undefined, logged));
  await vi.advanceTimersByTimeAsync(0);
  uncaught(new RangeError('lost'));
  expect(await exited).toBe(1);
  expect(JSON.parse(logged[0] ?? '')).toMatchObject({ level: 60, err: { type: 'RangeError', message: 'lost' } });
});

test('a fault of the background stops the parts and ends with 1', async () => {
  const { host, exited } = createFakeHost();
  let closed = false;
  const program = createProgram(async ({ parts, fail }) => {
    parts.add({ name: 'store', close: () => void (closed = true) });
    setTimeout(() => fail(new RangeError('store lost')), 100);
  });
  void runProgram(host, 'p', async () => program);
  await vi.advanceTimersByTimeAsync(100);
  expect(await exited).toBe(1);
  expect(closed).toBe(true);
});

test('a text that was asked for is printed, and the program ends with 0', async () => {
  const { host, out, exited } = createFakeHost();
  await runProgram(host, 'p', async () => ({ kind: 'text', text: 'help\n' }));
  expect(await exited).toBe(0);
  expect(out).toEqual(['help\n']);
});
