import { expect, test } from 'vitest';
import { listenAddress, peerAddress, webOrigin } from './address-types.ts';
import { durationMs, formatDuration, integer } from './number-types.ts';
import { boolean, choice, filePath, list, text } from './text-types.ts';

test('a whole number is read within its bounds', () => {
  const type = integer({ min: 1, max: 5 });
  expect(['1', '5'].map(type.parse)).toEqual([1, 5]);
  expect(['0', '6', '', '1.5', '0x1', ' 1', '1e0', 'NaN'].map(type.parse)).toEqual(Array(8).fill(undefined));
  expect(integer({ min: -5, max: 0 }).parse('-3')).toBe(-3);
  expect(type.rule).toBe('a whole number from 1 to 5');
});

test('a duration needs its unit', () => {
  const type = durationMs({ minMs: 500, maxMs: 86_400_000 });
  expect(['500ms', '25s', '30m', '24h', '1d'].map(type.parse)).toEqual([
    500, 25_000, 1_800_000, 86_400_000, 86_400_000,
  ]);
  expect(['499ms', '25h', '25', 's', '1.5s', '-1s', '1 s', '25S', ''].map(type.parse)).toEqual(
    Array(9).fill(undefined),
  );
  expect(type.rule).toBe('a duration with its unit from 500ms to 1d, such as 500ms, 25s or 30m');
});

test('a duration is shown in its largest whole unit', () => {
  expect([0, 1_500, 25_000, 90_000, 1_800_000, 86_400_000].map(formatDuration)).toEqual([
    '0ms',
    '1500ms',
    '25s',
    '90s',
    '30m',
    '1d',
  ]);
});

test('a listen address is a host and a port, 0 included', () => {
  const good = ['127.0.0.1:7400', 'localhost:0', '[::1]:7400', '0.0.0.0:1', 'a-b.example.com:65535'];
  expect(good.map(listenAddress().parse)).toEqual(good);
  const bad = ['7400', ':7400', '127.0.0.1', '127.0.0.1:', '127.0.0.1:65536', '::1:7400', '[::g]:1', '[a]:1'];
  expect(bad.map(listenAddress().parse)).toEqual(bad.map(() => undefined));
  expect(['127.0.0.256:1', 'http://a:1', 'a b:1', '127.0.0.1:-1'].map(listenAddress().parse)).toEqual(
    Array(4).fill(undefined),
  );
});

test('an address to connect to has a port', () => {
  expect(peerAddress().parse('state.internal:7400')).toBe('state.internal:7400');
  expect(peerAddress().parse('state.internal:0')).toBeUndefined();
});

test('an origin has a scheme and no path', () => {
  const good = ['*', 'https://console.example.com', 'http://localhost:5173'];
  expect(good.map(webOrigin().parse)).toEqual(good);
  expect(['example.com', 'https://a/', 'https://a/b', 'file:///a', 'https://'].map(webOrigin().parse)).toEqual(
    Array(5).fill(undefined),
  );
});

test('a list is split at commas, and one bad item spoils it', () => {
  const type = list(choice('a', 'b'));
  expect(type.parse('a, b')).toEqual(['a', 'b']);
  expect(type.parse('')).toEqual([]);
  expect(type.parse('a,c')).toBeUndefined();
  expect(type.format(['a', 'b'])).toBe('a,b');
});

test('choices, switches and texts are read as they are', () => {
  expect(choice('auto', 'json').parse('json')).toBe('json');
  expect(choice('auto', 'json').parse('JSON')).toBeUndefined();
  expect(['true', 'false', '1', 'yes'].map(boolean().parse)).toEqual([true, false, undefined, undefined]);
  expect(text().parse('x')).toBe('x');
  expect(filePath().parse('')).toBeUndefined();
});
