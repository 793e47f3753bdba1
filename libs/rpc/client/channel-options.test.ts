import { expect, test } from 'vitest';
import type { DomainError } from '#libs/errors/domain-error.ts';
import { completeChannelOptions, type RpcChannelOptions } from './channel-options.ts';

function fieldsRefused(options: Partial<RpcChannelOptions> & Record<string, unknown>): string[] {
  try {
    completeChannelOptions({ address: 'state:7400', ...options });
    return [];
  } catch (error) {
    return (error as DomainError).violations.map(({ field }) => field);
  }
}

test('an address is enough', () => {
  expect(completeChannelOptions({ address: 'state:7400' })).toEqual({
    address: 'state:7400',
    tls: undefined,
    token: undefined,
    keepaliveMs: 20_000,
    keepaliveTimeoutMs: 10_000,
    keepaliveWhenIdle: false,
    reconnectMinMs: 100,
    reconnectMaxMs: 5_000,
    maxMessageBytes: 4_194_304,
  });
});

test('every option that is out of range is named', () => {
  const refused = fieldsRefused({
    address: '',
    keepaliveMs: 10,
    keepaliveTimeoutMs: 0,
    reconnectMinMs: Number.NaN,
    maxMessageBytes: -1,
  });
  expect(refused).toEqual(['address', 'keepaliveMs', 'keepaliveTimeoutMs', 'reconnectMinMs', 'maxMessageBytes']);
});

test('options that contradict each other are named', () => {
  expect(fieldsRefused({ reconnectMinMs: 10, reconnectMaxMs: 5 })).toEqual(['reconnectMaxMs']);
  expect(fieldsRefused({ tls: { cert: 'pem' } })).toEqual(['tls.key']);
  expect(fieldsRefused({ tls: { key: 'pem' } })).toEqual(['tls.cert']);
});

test('an unknown option is named', () => {
  expect(fieldsRefused({ keepAlive: 5 })).toEqual(['keepAlive']);
});
