/** What is said of what is found. `what` is the code, `instead` what to write, `via` how the workflow comes to it. */
export const MESSAGES = {
  clock: '{{what}} gives another time in a replay: use {{instead}}{{via}}',
  random: '{{what}} gives something else in a replay: use {{instead}}{{via}}',
  timer: '{{what}} is not recorded, and a replay waits again: use {{instead}}{{via}}',
  outside: '{{what}} reaches outside, and a replay does it again: use {{instead}}{{via}}',
  environment: '{{what}} may differ where a replay runs: use {{instead}}{{via}}',
  moduleState: '{{what}} belongs to the process, and a replay writes it again: use {{instead}}{{via}}',
  losers: '{{what}} leaves the losers running: use {{instead}}{{via}}',
} as const;

/** A rule of what may not stand between steps, and what to write instead. */
export interface Finding {
  readonly message: keyof typeof MESSAGES;
  readonly instead: string;
}

const A_STEP = 'ctx.step()';
const NOW: Finding = { message: 'clock', instead: 'await ctx.now()' };
const NOW_MS: Finding = { message: 'clock', instead: '(await ctx.now()).getTime()' };
const RANDOM: Finding = { message: 'random', instead: 'await ctx.random()' };
const UUID: Finding = { message: 'random', instead: 'await ctx.uuid()' };
const RANDOM_STEP: Finding = { message: 'random', instead: A_STEP };
const SLEEP: Finding = { message: 'timer', instead: 'await ctx.sleep()' };
const SLEEP_LOOP: Finding = { message: 'timer', instead: 'await ctx.sleep() in a loop' };
const STEP_TIMEOUT: Finding = { message: 'timer', instead: 'timeoutMs of ctx.step()' };
const OUTSIDE: Finding = { message: 'outside', instead: A_STEP };
const ENVIRONMENT: Finding = { message: 'environment', instead: 'ctx.step(), or the input' };

/** What a workflow writes to a variable of the module with. */
export const MODULE_STATE: Finding = { message: 'moduleState', instead: 'a variable of the workflow, or ctx.set()' };

const CALLS: ReadonlyMap<string, Finding> = new Map([
  ['Date', NOW],
  ['Date.now', NOW_MS],
  ['performance.now', NOW_MS],
  ['process.hrtime', NOW_MS],
  ['process.hrtime.bigint', NOW_MS],
  ['process.uptime', NOW_MS],
  ['Math.random', RANDOM],
  ['crypto.randomInt', RANDOM],
  ...['crypto.randomUUID', 'crypto.randomUUIDv7', 'uuid:v1', 'uuid:v4', 'uuid:v6', 'uuid:v7'].map(to(UUID)),
  ...['nanoid:nanoid', 'ulid:ulid', '@paralleldrive/cuid2:createId'].map(to(UUID)),
  ...['getRandomValues', 'randomBytes', 'pseudoRandomBytes', 'randomFill', 'randomFillSync', 'subtle.generateKey']
    .map((name) => `crypto.${name}`)
    .map(to(RANDOM_STEP)),
  ...['generateKey', 'generateKeySync', 'generateKeyPair', 'generateKeyPairSync', 'generatePrime', 'generatePrimeSync']
    .map((name) => `crypto.${name}`)
    .map(to(RANDOM_STEP)),
  ...['setTimeout', 'setImmediate', 'scheduler.wait', 'scheduler.yield']
    .flatMap((name) => [name, `timers/promises:${name}`, `promises.${name}`])
    .map(to(SLEEP)),
  ...['setInterval', 'timers/promises:setInterval', 'promises.setInterval'].map(to(SLEEP_LOOP)),
  ['AbortSignal.timeout', STEP_TIMEOUT],
  ...['fetch', 'undici:fetch', 'undici:request', 'undici:stream', 'undici:pipeline', 'node-fetch:'].map(to(OUTSIDE)),
  ...['axios', 'got', 'ky']
    .flatMap((client) =>
      ['', 'get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'request', 'stream'].map(
        (verb) => `${client}:${verb}`,
      ),
    )
    .map(to(OUTSIDE)),
  ['process.cwd', ENVIRONMENT],
]);

const CONSTRUCTIONS: ReadonlyMap<string, Finding> = new Map(
  ['WebSocket', 'EventSource', 'XMLHttpRequest'].map(to(OUTSIDE)),
);

const READS: ReadonlyMap<string, Finding> = new Map(
  ['process.env', 'process.argv', 'process.pid'].map(to(ENVIRONMENT)),
);

const OUTSIDE_MODULES: ReadonlySet<string> = new Set([
  'fs',
  'fs/promises',
  'net',
  'tls',
  'dgram',
  'dns',
  'dns/promises',
  'http',
  'https',
  'http2',
  'sqlite',
  'child_process',
  'cluster',
  'worker_threads',
  'readline',
  'readline/promises',
  'repl',
  'inspector',
]);

/** What those modules have that only computes, or only makes an object. */
const HARMLESS: ReadonlySet<string> = new Set([
  'net:isIP',
  'net:isIPv4',
  'net:isIPv6',
  'http:validateHeaderName',
  'http:validateHeaderValue',
  'http:Agent',
  'https:Agent',
  'net:BlockList',
  'net:SocketAddress',
]);

/** What a call of something is; undefined where it may stand between steps. */
export function maybeCallFinding(origin: string): Finding | undefined {
  if (origin.startsWith('Temporal.Now.')) return NOW;
  return CALLS.get(origin) ?? maybeModuleFinding(origin);
}

/** What `new` with something is, given so many arguments; undefined where it may stand between steps. */
export function maybeConstructionFinding(origin: string, argumentCount: number): Finding | undefined {
  if (origin === 'Date') return argumentCount === 0 ? NOW : undefined;
  return CONSTRUCTIONS.get(origin) ?? maybeModuleFinding(origin);
}

/** What reading something is; undefined where it may stand between steps. */
export function maybeReadFinding(origin: string): Finding | undefined {
  return READS.get(origin);
}

function maybeModuleFinding(origin: string): Finding | undefined {
  const [module = '', name = ''] = origin.split(':');
  if (!origin.includes(':') || HARMLESS.has(origin)) return undefined;
  if (module === 'os') return ENVIRONMENT;
  return OUTSIDE_MODULES.has(module) && name !== '' ? OUTSIDE : undefined;
}

function to(finding: Finding): (origin: string) => [string, Finding] {
  return (origin) => [origin, finding];
}
