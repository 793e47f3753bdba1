import { expect, test } from 'vitest';
import { createLogger } from './create-logger.ts';
import type { LogFormat, LogLevel } from './log-options.ts';
import type { Logger } from './logger.ts';

async function capture(
  options: { format?: LogFormat; isTerminal?: boolean; level?: LogLevel },
  write: (log: Logger) => void,
): Promise<string> {
  let text = '';
  const target = { write: (line: string) => void (text += line) };
  const log = await createLogger({
    service: 'millrace-state',
    level: options.level ?? 'info',
    format: options.format ?? 'auto',
    destination: { target, isTerminal: options.isTerminal ?? false },
  });
  write(log);
  return text;
}

test('a line is one JSON object with level, time, service and message', async () => {
  const text = await capture({}, (log) => log.info({ port: 7400 }, 'ready'));
  expect(text.endsWith('\n')).toBe(true);
  expect(JSON.parse(text)).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    service: 'millrace-state',
    port: 7400,
    msg: 'ready',
  });
});

test('authorization, tokens and passwords are redacted three levels deep', async () => {
  const secret = 'mlr_0123';
  const text = await capture({}, (log) => {
    log.info({ authorization: secret, headers: { authorization: secret }, call: { request: { token: secret } } }, 'x');
    log.child({ token: secret }).info({ password: secret, tokenId: 'tk-1' }, 'y');
  });
  expect(text).not.toContain(secret);
  expect(text.match(/\[redacted\]/g)).toHaveLength(5);
  expect(text).toContain('tk-1');
});

test('an error is logged with its stack and its cause', async () => {
  const text = await capture({}, (log) => {
    log.error({ err: new TypeError('outer', { cause: new RangeError('inner') }) }, 'failed');
  });
  const { err } = JSON.parse(text);
  expect(err.type).toBe('TypeError');
  expect(err.stack).toContain('inner');
});

test('lines below the level are not written', async () => {
  expect(await capture({ level: 'warn' }, (log) => log.info('quiet'))).toBe('');
  expect(await capture({ level: 'silent' }, (log) => log.fatal('quiet'))).toBe('');
});
