import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '#test/run.ts';

/*
 * Each text is a file that the real oxlint reads. What is to be reported stands behind the line that it is reported on, after
 * `//!`; a text without that is ordinary code.
 */

const reported = {
  'a clock': `
import { workflow } from 'millrace';
import { performance as timing } from 'node:perf_hooks';
export const order = workflow('order', async (ctx, o: { at: string }) => {
  const a = Date.now(); //! Date.now() gives another time in a replay: use (await ctx.now()).getTime()
  const b = new Date(); //! new Date() gives another time in a replay: use await ctx.now()
  const c = Date(); //! Date() gives another time in a replay: use await ctx.now()
  const d = performance.now(); //! performance.now() gives another time in a replay: use (await ctx.now()).getTime()
  const e = process.hrtime.bigint(); //! process.hrtime.bigint() gives another time in a replay: use (await ctx.now()).getTime()
  const f = globalThis.Date.now(); //! globalThis.Date.now() gives another time in a replay: use (await ctx.now()).getTime()
  const g = timing.now(); //! timing.now() gives another time in a replay: use (await ctx.now()).getTime()
  const now = Date.now;
  const h = now(); //! now() gives another time in a replay: use (await ctx.now()).getTime()
  await ctx.step(\`charge-\${Date.now()}\`, () => o.at); //! Date.now() gives another time in a replay: use (await ctx.now()).getTime()
  return [a, b, c, d, e, f, g, h];
});
`,
  'randomness, under any name': `
import * as millrace from 'millrace';
import { workflow as define, type WorkflowContext } from 'millrace';
import crypto, { randomBytes, randomUUID as id } from 'node:crypto';
import { v4 } from 'uuid';
export const a = define('a', async () => {
  return Math.random() as number; //! Math.random() gives something else in a replay: use await ctx.random()
});
export const b = millrace.workflow('b', async () => {
  const ids = [id(), v4()]; //! id() gives something else in a replay: use await ctx.uuid() & v4() gives something else in a replay: use await ctx.uuid()
  return [...ids, globalThis.crypto.randomUUID()]; //! globalThis.crypto.randomUUID() gives something else in a replay: use await ctx.uuid()
});
async function code(ctx: WorkflowContext) {
  await ctx.sleep(crypto.randomInt(9)); //! crypto.randomInt() gives something else in a replay: use await ctx.random()
  return randomBytes(8).toString('hex'); //! randomBytes() gives something else in a replay: use ctx.step()
}
export const c = define<undefined, string>('c', code, { version: '2' });
`,
  timers: `
import { workflow } from 'millrace';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
const wait = promisify(setTimeout);
export const order = workflow('order', async (ctx) => {
  await new Promise((resolve) => setTimeout(resolve, 100)); //! setTimeout() is not recorded, and a replay waits again: use await ctx.sleep()
  await delay(100); //! delay() is not recorded, and a replay waits again: use await ctx.sleep()
  await wait(100); //! wait() is not recorded, and a replay waits again: use await ctx.sleep()
  setInterval(() => ctx.log.info('alive'), 100); //! setInterval() is not recorded, and a replay waits again: use await ctx.sleep() in a loop
  setImmediate(() => {}); //! setImmediate() is not recorded, and a replay waits again: use await ctx.sleep()
});
`,
  'what reaches outside': `
import { workflow } from 'millrace';
import fs, { readFile } from 'node:fs/promises';
import * as child from 'child_process';
import { Socket } from 'node:net';
import axios from 'axios';
export const order = workflow('order', async (ctx) => {
  await fetch('http://bank'); //! fetch() reaches outside, and a replay does it again: use ctx.step()
  await readFile('a'); //! readFile() reaches outside, and a replay does it again: use ctx.step()
  await fs.writeFile('a', ''); //! fs.writeFile() reaches outside, and a replay does it again: use ctx.step()
  child.execSync('ls'); //! child.execSync() reaches outside, and a replay does it again: use ctx.step()
  new Socket().unref(); //! new Socket() reaches outside, and a replay does it again: use ctx.step()
  const { statSync } = await import('node:fs');
  statSync('a'); //! statSync() reaches outside, and a replay does it again: use ctx.step()
  return axios.get('http://bank'); //! axios.get() reaches outside, and a replay does it again: use ctx.step()
});
`,
  'the environment': `
import { env } from 'node:process';
import { hostname } from 'node:os';
import { workflow } from 'millrace';
export const order = workflow('order', async (ctx) => {
  if (process.env['FAST']) return; //! process.env may differ where a replay runs: use ctx.step(), or the input
  if (env['FAST']) return; //! env may differ where a replay runs: use ctx.step(), or the input
  ctx.log.info(hostname());
  await ctx.set('host', hostname()); //! hostname() may differ where a replay runs: use ctx.step(), or the input
});
`,
  'variables of the module': `
import { workflow } from 'millrace';
let count = 0;
let last: string | undefined;
export const order = workflow('order', async (ctx, id: string) => {
  count++; //! count belongs to the process, and a replay writes it again: use a variable of the workflow, or ctx.set()
  [last] = [id]; //! last belongs to the process, and a replay writes it again: use a variable of the workflow, or ctx.set()
  return count;
});
`,
  'races that leave losers': `
import { workflow, type WorkflowContext } from 'millrace';
export const order = workflow('order', async (ctx, ids: string[]) => {
  const late = ctx.sleep(100);
  await Promise.race([ctx.step('a', () => 1), late]); //! Promise.race() leaves the losers running: use ctx.race()
  await Promise.race([late, chargeOf(ids)]); //! Promise.race() leaves the losers running: use ctx.race()
  return Promise.any(ids.map((id) => ctx.step(id, () => 1))); //! Promise.any() leaves the losers running: use ctx.any()
});
async function chargeOf(ids: string[]) { return ids; }
`,
  'what stands in branches and callbacks': `
import { workflow } from 'millrace';
const pick = async (c, sku: string) => {
  await c.step('pick', () => fetch(sku));
  return Math.random(); //! Math.random() gives something else in a replay: use await ctx.random() (the workflow comes here by ctx.all() on line 7)
};
export const order = workflow('order', async (ctx, skus: string[]) => {
  await ctx.all(skus, pick);
  await ctx.all(skus, async (c, sku) => {
    await c.all([sku], async () => Date.now()); //! Date.now() gives another time in a replay: use (await ctx.now()).getTime()
    await Promise.race([c.sleep(1), c.sleep(2)]); //! Promise.race() leaves the losers running: use ctx.race()
  });
  await ctx.race([async () => fetch('a'), async (b) => b.step('b', () => fetch('b'))]); //! fetch() reaches outside, and a replay does it again: use ctx.step()
  await ctx.any(skus.map((sku) => async () => fetch(sku))); //! fetch() reaches outside, and a replay does it again: use ctx.step()
  await ctx.step('a', () => 1).then(() => Date.now()); //! Date.now() gives another time in a replay: use (await ctx.now()).getTime()
  return [...skus.map(() => Math.random()), ...skus.map(Math.random)]; //! Math.random() gives something else in a replay: use await ctx.random() & Math.random() gives something else in a replay: use await ctx.random()
});
`,
  'what the workflow calls in the same file': `
import { workflow } from 'millrace';
const stamp = () => new Date(); //! new Date() gives another time in a replay: use await ctx.now() (the workflow comes here by stamp() on line 10)
function deep() {
  return stamp().getTime() + Date.now(); //! Date.now() gives another time in a replay: use (await ctx.now()).getTime() (the workflow comes here by deep() on line 11)
}
async function charge(c, total: number) {
  await c.step('charge', () => fetch('http://bank'));
  await Promise.race([c.sleep(1), c.sleep(total)]); //! Promise.race() leaves the losers running: use ctx.race() (the workflow comes here by charge() on line 14)
}
export const a = workflow('a', async () => stamp());
export const b = workflow('b', async () => deep());
export const order = workflow('order', async (ctx, total: number) => {
  const local = () => Math.random(); //! Math.random() gives something else in a replay: use await ctx.random()
  await charge(ctx, total + local());
});
`,
};

const ordinary = {
  'steps may do anything': `
import { readFile } from 'node:fs/promises';
import { NonRetryableError, workflow } from 'millrace';
let calls = 0;
const send = async () => { calls++; return fetch('http://mail'); };
const stamp = () => Date.now();
function reserve(id: string) { return fetch(id, { signal: AbortSignal.timeout(10) }); }
export const order = workflow('order', async (ctx, o: { id: string; skus: string[] }) => {
  const local = async () => fetch('http://bank');
  await ctx.step('send', send);
  await ctx.step('local', local);
  await ctx.step('stamp', () => stamp());
  await ctx.step('now', Date.now);
  await ctx.step('read', async (s) => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (Math.random() < 0.5) throw new NonRetryableError(process.env['WHY'] ?? 'why');
    return Promise.race([readFile(o.id, { signal: s.signal }), fetch(o.id)]);
  }, { retry: { maxAttempts: 5 }, timeoutMs: 10_000 });
  await ctx.all(o.skus, (c, sku) => c.step('reserve', () => reserve(sku)));
  await ctx.all(o.skus, async (branch, sku) => {
    try {
      await branch.step('reserve', async () => (await reserve(sku)).json());
    } finally {
      await branch.step('release', () => fetch(sku));
    }
  }, { concurrency: 2 });
  return ctx.race([(c) => c.step('a', () => fetch('a')), async (c) => c.sleep(10)]);
});
`,
  'what is computed of what is recorded': `
import { createHash } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { v5 } from 'uuid';
import axios from 'axios';
import { signal, workflow } from 'millrace';
const address = process.env['ADDRESS'] ?? 'localhost';
const startedAt = Date.now();
const cache = new Map<string, number>();
const approved = signal<{ by: string }>('approved');
type Timer = ReturnType<typeof setTimeout>;
export const order = workflow('order', async (ctx, o: { at: string; total: number; host: string }) => {
  const now = await ctx.now();
  const day = new Date(o.at);
  const later = new Date(now.getTime() + 1000);
  const utc = Date.UTC(2026, 1) + Date.parse(o.at);
  const key = createHash('sha256').update(o.at).digest('hex');
  const total = Math.round(Math.max(o.total, 1));
  const undo: (() => Promise<unknown>)[] = [];
  const waited = ctx.waitFor(approved);
  let timer: Timer | undefined;
  ctx.log.info('started', { at: Date.now(), took: performance.now() });
  cache.set(key, total);
  undo.push(() => ctx.step('refund', () => fetch(o.host)));
  try {
    await Promise.all([waited, ctx.sleepUntil(later), ctx.sleep((await ctx.random()) * 1000)]);
    await Promise.race([Promise.resolve(1), Promise.resolve(await ctx.uuid())]);
  } catch (error) {
    if (axios.isAxiosError(error) || typeof fetch === 'undefined') throw error;
    for (const back of undo.reverse()) await back();
  }
  return { day, utc, key, name: STATUS_CODES[200], ip: isIP(o.host), path: join('a', key), text: inspect(o),
    id: v5(key, key), address, startedAt, timer };
}, { input: { '~standard': { validate: (value) => ({ value, at: Date.now() }) } } });
`,
  'names that mean something else': `
import { fetch, setTimeout as later } from './stock.ts';
import { workflow } from 'millrace';
class Clock { now() { return Date.now(); } }
export const order = workflow('order', async (ctx, { Date, crypto }: Parts) => {
  const Math = { random: () => 4 };
  const process = { env: { A: 1 } };
  const performance = new Clock();
  await ctx.step('fetch', () => fetch('a'));
  fetch('a');
  later('a');
  return [Date.now(), new Date(), crypto.randomUUID(), Math.random(), process.env.A, performance.now()];
});
`,
  'functions that are given away': `
import { run, withRetry } from './run.ts';
import { workflow, type WorkflowContext } from 'millrace';
const once = (ctx: WorkflowContext, name: string, code: () => unknown) => ctx.step(name, code);
export const order = workflow('order', async (ctx, id: string) => {
  const call = (name: string, code: () => Promise<unknown>) => ctx.step(name, code);
  await call('charge', () => fetch('http://bank'));
  await call('charge', async () => { await new Promise((r) => setTimeout(r, 1)); });
  await once(ctx, 'stamp', () => new Date());
  await withRetry(ctx, 'charge', () => fetch(id));
  await run(ctx, { code: async () => fetch(id), at() { return Date.now(); } });
  const steps = { charge: () => fetch(id), refund: async () => Math.random() };
  await ctx.step('charge', steps.charge);
  ctx.signal.addEventListener('abort', () => clearTimeout(0));
});
`,
  'a variable of the module that is filled once': `
import { workflow } from 'millrace';
import { Bank } from './bank.ts';
let bank: Bank | undefined;
let table: number[] | undefined;
let isOpen = false;
function open() { return (bank ??= new Bank()); }
function tableOf() {
  if (table === undefined) table = [1, 2];
  return table;
}
export const order = workflow('order', async (ctx) => {
  const opened = open();
  let total = 0;
  for (const one of tableOf()) total += one;
  await ctx.step('open', () => { isOpen = true; return opened.open(isOpen); });
  return isOpen ? total : 0;
});
`,
  'workflows of others, and code that is not one': `
import { workflow } from './other.ts';
import { Client, Worker } from 'millrace';
export const order = workflow('order', async () => fetch(String(Date.now())));
export async function start(client: Client) {
  const run = await client.start('order', { id: Math.random(), at: new Date() });
  return Promise.race([run.result(), new Promise((resolve) => setTimeout(resolve, 10))]);
}
export const worker = new Worker({ address: process.env['ADDRESS'] ?? 'localhost:7400', workflows: [] });
`,
  'a file of steps beside its workflow': `
import { readFile } from 'node:fs/promises';
import { workflow } from 'millrace';
export const stock = {
  reserve: async (sku: string) => fetch(sku, { body: await readFile('a') }),
};
export function poll(url: string) { setInterval(() => fetch(url), 1000); }
export const pick = workflow('pick', async (ctx, sku: string) => ctx.step('reserve', () => stock.reserve(sku)));
poll('http://stock');
`,
};

const repository = resolve(import.meta.dirname, '../../..');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-lint-'));
  const config = {
    jsPlugins: [resolve(import.meta.dirname, 'oxlint-plugin.ts')],
    categories: { correctness: 'off' },
    rules: { 'millrace/deterministic-workflow': 'error' },
  };
  await writeFile(join(folder, '.oxlintrc.json'), JSON.stringify(config));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

test.each(Object.entries(reported))('the rule finds %s, and says what to use instead', async (name, text) => {
  expect(marksOf(text).length).toBeGreaterThan(0);
  expect(await lint(name, text)).toEqual(marksOf(text));
});

test.each(Object.entries(ordinary))('the rule says nothing about ordinary code: %s', async (name, text) => {
  expect(await lint(name, text)).toEqual([]);
});

test('the rule says nothing about the examples', async () => {
  expect(await reportsOf(join(repository, 'examples'))).toEqual([]);
});

/** What is reported of a text. */
async function lint(name: string, text: string): Promise<string[]> {
  const file = join(folder, `${name.replace(/[^a-z]+/g, '-')}.ts`);
  await writeFile(file, text.trimStart());
  return reportsOf(file);
}

/** What oxlint reports: `line: message`. */
async function reportsOf(path: string): Promise<string[]> {
  const oxlint = join(repository, 'node_modules/.bin/oxlint');
  const args = ['--config', join(folder, '.oxlintrc.json'), '--format', 'json', path];
  const { stdout } = await run(oxlint, args, { cwd: repository });
  const { diagnostics, number_of_files: files } = JSON.parse(stdout) as {
    number_of_files: number;
    diagnostics: { code: string; message: string; labels: { span: { line: number; offset: number } }[] }[];
  };
  expect(files).toBeGreaterThan(0);
  return diagnostics
    .map(({ code, message, labels: [label] }) => ({ code, message, span: label?.span ?? { line: 0, offset: 0 } }))
    .sort((a, b) => a.span.offset - b.span.offset)
    .map(({ code, message, span }) => {
      expect(code).toBe('millrace(deterministic-workflow)');
      return `${span.line}: ${message}`;
    });
}

/** What is to be reported, by the marks in a text. */
function marksOf(text: string): string[] {
  return text
    .trimStart()
    .split('\n')
    .flatMap((line, index) => {
      const mark = line.split('//! ')[1];
      return mark === undefined ? [] : mark.split(' & ').map((message) => `${index + 1}: ${message}`);
    });
}
