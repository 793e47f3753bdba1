import { describe, expect, test } from 'vitest';
import type { IncomingCall } from './runtime.ts';
import { maybeTrace, traceIdOf } from './trace.ts';

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

function incoming(headers: Readonly<Record<string, string>>): IncomingCall {
  return { door: 'http', peerAddress: '', timeoutMs: undefined, header: (name) => headers[name] };
}

test('a trace context is passed on as it is', () => {
  const trace = maybeTrace(incoming({ traceparent: TRACEPARENT, tracestate: 'vendor=1' }));
  expect(trace).toEqual({ traceparent: TRACEPARENT, tracestate: 'vendor=1' });
  expect(trace === undefined ? '' : traceIdOf(trace)).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
});

test('a call without one has none', () => {
  expect(maybeTrace(incoming({ tracestate: 'vendor=1' }))).toBeUndefined();
});

describe('a trace context is as good as none', () => {
  test.each([
    ['with letters in upper case', TRACEPARENT.toUpperCase()],
    ['that is cut off', TRACEPARENT.slice(0, -1)],
    ['that goes on', `${TRACEPARENT}-00`],
    ['of the version that is none', `ff${TRACEPARENT.slice(2)}`],
    ['with a trace id of zeros', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['with a span id of zeros', `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`],
    ['that is empty', ''],
  ])('%s', (_what, traceparent) => {
    expect(maybeTrace(incoming({ traceparent }))).toBeUndefined();
  });
});

test('a trace state that is too long is left out', () => {
  const trace = maybeTrace(incoming({ traceparent: TRACEPARENT, tracestate: `a=${'x'.repeat(511)}` }));
  expect(trace).toEqual({ traceparent: TRACEPARENT, tracestate: undefined });
});
