import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWith, type Found } from '#test/gate.ts';
import { run } from '#test/run.ts';
import { onPath } from '#test/servers/on-path.ts';
import {
  AMPLE_MS,
  CALLERS_DEADLINE_INFO,
  ECHO_SERVICE,
  INVALID_FIELDS_INFO,
  NEVER_IN_TIME,
  SERVERS_DEADLINE_INFO,
  THREE_INVALID_FIELDS,
  THREE_VIOLATIONS,
} from './echo-cases.ts';
import { type EchoServer, startEchoServer } from './echo-server.ts';

interface Answer {
  readonly version: string;
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

const found = await findCurl();
const curl = 'at' in found ? found.at : 'curl';

async function findCurl(): Promise<Found> {
  const at = await onPath('curl');
  const howTo = 'put curl with HTTP/2 on PATH';
  if (at === undefined) return { missing: `no curl (curl is not on PATH): ${howTo}` };
  const { stdout } = await run(at, ['--version']);
  return /^Features:.*\bHTTP2\b/m.test(stdout) ? { at } : { missing: `no curl (this one lacks HTTP/2): ${howTo}` };
}

describeWith('curl with JSON', [found], () => {
  let server: EchoServer;
  beforeAll(async () => {
    server = await startEchoServer();
  });
  afterAll(async () => await server[Symbol.asyncDispose]());

  async function ask(method: string, ...options: string[]): Promise<Answer> {
    const always = ['-q', '-sS', '-i', '--noproxy', '*', '--max-time', String(AMPLE_MS / 1000)];
    const url = `http://${server.addresses.http}/${ECHO_SERVICE}/${method}`;
    const { code, stdout, stderr } = await run(curl, [...always, ...options, url]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return answerFrom(stdout);
  }

  describe.each([
    ['1.1', '--http1.1'],
    ['2', '--http2-prior-knowledge'],
  ])('by HTTP/%s', (version, protocol) => {
    async function post(request: object, ...headers: string[]): Promise<Answer> {
      const all = ['content-type: application/json', ...headers].flatMap((header) => ['-H', header]);
      return await ask('Echo', protocol, ...all, '-d', JSON.stringify(request));
    }

    async function get(method: string, request: object): Promise<Answer> {
      const query = ['connect=v1', 'encoding=json', `message=${JSON.stringify(request)}`];
      return await ask(method, protocol, '-G', ...query.flatMap((part) => ['--data-urlencode', part]));
    }

    test('gets an answer, and its request id back in the headers', async () => {
      const answer = await post({ id: 'a', priority: 3, tags: ['x', 'ü'] }, 'x-request-id: from-curl');
      expect(answer).toMatchObject({ version, status: 200 });
      expect(answer.headers.get('content-type')).toBe('application/json');
      expect(answer.headers.get('x-request-id')).toBe('from-curl');
      const expected = { id: 'a', priority: 3, tags: ['x', 'ü'], tenantId: 'default', requestId: 'from-curl' };
      expect(JSON.parse(answer.body)).toEqual(expected);
    });

    test('reads every invalid field and the reason', async () => {
      const { status, body } = await post(THREE_INVALID_FIELDS);
      expect(status).toBe(400);
      expect(JSON.parse(body)).toEqual({
        code: 'invalid_argument',
        message: expect.stringContaining('priority'),
        details: [
          { type: 'google.rpc.ErrorInfo', value: expect.any(String), debug: INVALID_FIELDS_INFO },
          { type: 'google.rpc.BadRequest', value: expect.any(String), debug: { fieldViolations: THREE_VIOLATIONS } },
        ],
      });
    });

    test.each([
      ['its own deadline', CALLERS_DEADLINE_INFO, ['connect-timeout-ms: 300']],
      ['the deadline of the server', SERVERS_DEADLINE_INFO, []],
    ])('reads that %s passed', async (_whose, info, headers) => {
      const before = server.state.aborted.length;
      const { status, body } = await post({ id: 'slow', priority: 1, delay: NEVER_IN_TIME }, ...headers);
      expect(status).toBe(504);
      expect(JSON.parse(body)).toMatchObject({
        code: 'deadline_exceeded',
        details: [{ debug: info }],
      });
      expect(server.state.aborted).toHaveLength(before + 1);
    });

    test('gets an answer by GET from a method without side effects', async () => {
      const answer = await get('Echo', { id: 'a', priority: 3 });
      expect(answer).toMatchObject({ version, status: 200 });
      expect(JSON.parse(answer.body)).toMatchObject({ id: 'a', priority: 3 });
    });

    test('is refused by GET from a method with side effects', async () => {
      expect(await get('Count', { count: 1 })).toMatchObject({ version, status: 405 });
      expect(server.state.counted).toBe(0);
    });
  });
});

function answerFrom(text: string): Answer {
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const [, version = '', status = ''] = /^HTTP\/(\S+) (\d+)/.exec(statusLine) ?? [];
  const headers = lines.map((line): [string, string] => [
    line.slice(0, line.indexOf(':')),
    line.slice(line.indexOf(':') + 1),
  ]);
  return { version, status: Number(status), headers: new Headers(headers), body: text.slice(end + 4) };
}
