import { setTimeout as pause } from 'node:timers/promises';
import type { WorkflowContext } from '#libs/sdk/millrace.ts';
import { signal, workflow } from '#libs/sdk/millrace.ts';
import type { Program } from './program.ts';

/** What an execution of a program saw and did. */
export interface Trace {
  /** Something was asked for or given. */
  see(entry: string): void;
  /** The code of steps that ran, by its place in the program. */
  readonly ran: string[];
}

/** How a program is interpreted. */
export interface InterpreterOptions {
  readonly trace: Trace;
  readonly random: () => number;
  /** Whether `patched` is asked, as new code does; old code goes its own way. */
  readonly isPatched: boolean;
}

const go = signal<number>('go');
const child = workflow('child', async (_ctx, _isFailing: boolean): Promise<string> => '');
const RETRY = { initialIntervalMs: 1, jitter: 0 };

/** Does what a program says. Answers what it was given, all of it. */
export async function interpret(ctx: WorkflowContext, part: Program, options: InterpreterOptions): Promise<string> {
  return at(ctx, part, '');

  async function at(c: WorkflowContext, one: Program, path: string): Promise<string> {
    const { trace } = options;
    trace.see(`${path} ${one.kind}`);
    try {
      const value = await perform(c, one, path);
      trace.see(`${path} = ${value}`);
      return value;
    } catch (error) {
      trace.see(`${path} ! ${String(error)}`);
      throw error;
    }
  }

  /** What a step gives is the place that its code has in the program: another one's result would show. */
  async function step(c: WorkflowContext, name: string, path: string, run: (attempt: number) => unknown, more = {}) {
    const given = await c.step(
      name,
      ({ attempt }) => {
        options.trace.ran.push(path);
        return run(attempt);
      },
      { retry: RETRY, ...more },
    );
    if (given !== path) throw new MixedUpError(`${path} was given the result of ${String(given)}`);
    return path;
  }

  async function late(path: string): Promise<string> {
    const wait = Math.floor(options.random() * 6);
    if (wait > 3) await pause(wait - 3);
    else for (let turn = 0; turn < wait; turn += 1) await new Promise(setImmediate);
    return path;
  }

  function parts(c: WorkflowContext, all: readonly Program[], path: string): Promise<string>[] {
    return all.map((one, index) => at(c, one, `${path}/${index}`));
  }

  function branches(all: readonly Program[], path: string): ((c: WorkflowContext) => Promise<string>)[] {
    return all.map((one, index) => (c) => at(c, one, `${path}/${index}`));
  }

  async function perform(c: WorkflowContext, one: Program, path: string): Promise<string> {
    switch (one.kind) {
      case 'step': {
        const more = one.how === 'begun' ? { timeoutMs: 60_000 } : {};
        return step(c, one.name, path, () => (one.how === 'sync' ? path : late(path)), more);
      }
      case 'flaky': {
        const { failures, isFinal } = one;
        const retry = { ...RETRY, maxAttempts: isFinal ? failures : failures + 1 };
        const run = async (attempt: number): Promise<string> => {
          await late(path);
          if (attempt <= failures) throw new RangeError(`failure ${attempt}`);
          return path;
        };
        return step(c, one.name, path, run, { retry });
      }
      case 'sleep':
        await c.sleep(one.ms, one.name);
        return 'slept';
      case 'signal': {
        const { name, timeoutMs } = one;
        return `signal ${await c.waitFor(go, { name, ...(timeoutMs === undefined ? undefined : { timeoutMs }) })}`;
      }
      case 'child':
        if (one.mode !== 'detach') return c.child(child, one.isFailing, { mode: one.mode });
        return (await c.child(child, one.isFailing, { mode: 'detach' })).runId;
      case 'now':
        return String((await c.now()).getTime());
      case 'random':
        return String(await c.random());
      case 'uuid':
        return c.uuid();
      case 'set':
        await c.set('key', path);
        return 'set';
      case 'throw':
        throw new RangeError(path);
      case 'patched': {
        const isAdded = options.isPatched && c.patched(one.id);
        return at(c, isAdded ? one.added : one.old, `${path}/${isAdded ? 'added' : 'old'}`);
      }
      case 'same': {
        const all = Array.from({ length: one.count }, (_, index) => `${path}/${index}`);
        return (await Promise.all(all.map((each) => step(c, one.name, each, () => late(each))))).join();
      }
      case 'each': {
        const given: string[] = [];
        for (const [index, each] of one.parts.entries()) given.push(await at(c, each, `${path}/${index}`));
        return given.join();
      }
      case 'loose':
        return loose(one.how, parts(c, one.parts, path));
      case 'all': {
        const { concurrency } = one;
        return (await c.all(one.parts, (b, each, index) => at(b, each, `${path}/${index}`), { concurrency })).join();
      }
      case 'race':
        return c.race(branches(one.parts, path));
      case 'any':
        return c.any(branches(one.parts, path));
      case 'try':
        try {
          return await at(c, one.body, `${path}/body`);
        } catch (error) {
          if (error instanceof MixedUpError) throw error;
          const handled = one.handler === undefined ? '' : await at(c, one.handler, `${path}/handler`);
          if (one.isRethrown) throw error;
          return handled;
        } finally {
          if (one.cleanUp !== undefined) await at(c, one.cleanUp, `${path}/clean-up`);
        }
    }
  }
}

async function loose(how: 'all' | 'race' | 'any' | 'settled', promises: readonly Promise<string>[]): Promise<string> {
  // What is not waited for may fail.
  for (const promise of promises) promise.catch(() => undefined);
  switch (how) {
    case 'all':
      return (await Promise.all(promises)).join();
    case 'race':
      return Promise.race(promises);
    case 'any':
      return Promise.any(promises);
    case 'settled':
      return (await Promise.allSettled(promises)).map(({ status }) => status).join();
  }
}

/** A step was given what another one made. */
class MixedUpError extends Error {
  override readonly name = 'MixedUpError';
}
