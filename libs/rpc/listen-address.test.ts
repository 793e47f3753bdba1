import { describe, expect, test } from 'vitest';
import { bindError, formatAddress, ListenError, parseListenAddress } from './listen-address.ts';

test.each([
  ['127.0.0.1:7400', { host: '127.0.0.1', port: 7400 }],
  ['localhost:0', { host: 'localhost', port: 0 }],
  [':7400', { host: '::', port: 7400 }],
  ['[::1]:65535', { host: '::1', port: 65_535 }],
])('%s is an address', (text, address) => {
  expect(parseListenAddress(text)).toEqual(address);
});

test.each(['', '7400', 'localhost', 'localhost:', 'localhost:65536', 'localhost:-1', '::1:7400', 'a:b:1', '[::1]'])(
  '«%s» is none, and the error says what one looks like',
  (text) => {
    expect(() => parseListenAddress(text)).toThrow(/is no listen address: write host:port/);
  },
);

test('an address of IPv6 is written in brackets', () => {
  expect(formatAddress('::1', 7400)).toBe('[::1]:7400');
  expect(formatAddress('localhost', 7400)).toBe('localhost:7400');
});

describe('an error at listening', () => {
  test.each([
    ['EADDRINUSE', 'the port is in use'],
    ['EACCES', 'not permitted'],
    ['EADDRNOTAVAIL', 'not an address of this machine'],
    ['ENOTFOUND', 'not an address of this machine'],
  ])('%s is told in words that name the address', (code, words) => {
    const cause = Object.assign(new Error('listen failed'), { code });
    const error = bindError({ host: '::1', port: 80 }, cause);
    expect(error).toBeInstanceOf(ListenError);
    expect(error).toMatchObject({ message: `cannot listen on [::1]:80: ${words}`, address: '[::1]:80', cause });
  });

  test('that is another keeps its own words', () => {
    expect(bindError({ host: 'a', port: 1 }, new Error('odd')).message).toBe('cannot listen on a:1: odd');
  });
});
