import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import { memoryWorker } from '../testing/memory-worker.ts';
import { until } from '../testing/quick-worker.ts';
import { TestDispatch } from '../testing/test-dispatch.ts';
import { recordsOf } from '../testing/test-run.ts';
import { text, textOf } from '../testing/text.ts';
import type { FunctionRun, RunFunction } from './function-run.ts';

/** A program: what runs after each other, at the same time, or alone. */
type Program =
  | { readonly kind: 'all' | 'each'; readonly parts: readonly Program[] }
  | { readonly kind: 'race'; readonly parts: readonly Program[] }
  | { readonly kind: 'step' | 'flaky' | 'value' | 'sleep' | 'signal'; readonly name: string };

// Few names, so that occurrences matter.
const name = fc.constantFrom('a', 'b');
const leaf = fc.record({ kind: fc.constantFrom('step', 'flaky', 'value', 'sleep', 'signal'), name });

const { program } = fc.letrec<{ program: Program }>((tie) => ({
  program: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf as fc.Arbitrary<Program>,
    fc.record({
      kind: fc.constantFrom('all', 'each', 'race'),
      parts: fc.array(tie('program'), { minLength: 1, maxLength: 4 }),
    }) as fc.Arbitrary<Program>,
  ),
}));

/** Interprets a program; everything that the function is given is traced, in order. */
async function interpret(
  ctx: FunctionRun,
  part: Program,
  path: string,
  trace: string[],
  delay: () => number,
): Promise<string> {
  const given = (value: string): string => {
    trace.push(`${path} ${value}`);
    return value;
  };
  const code = async (attempt: number, isFlaky: boolean): Promise<Payload> => {
    await new Promise((resolve) => setTimeout(resolve, delay()));
    if (isFlaky && attempt === 1) throw new RangeError('flaky');
    return text(path);
  };
  switch (part.kind) {
    case 'step':
    case 'flaky': {
      const options = { retry: { initialIntervalMs: 1, jitter: 0 } };
      return given(
        textOf(await ctx.step(part.name, (step) => code(step.attempt, part.kind === 'flaky'), options)) ?? '',
      );
    }
    case 'value':
      return given(textOf(await ctx.value(part.name, () => text(String(delay())))) ?? '');
    case 'sleep':
      await ctx.sleep(1, part.name);
      return given('slept');
    case 'signal':
      return given(textOf((await ctx.waitSignal('go', { timeoutMs: 5, name: part.name }))?.payload) ?? 'none');
    case 'each': {
      const results: string[] = [];
      for (const [index, one] of part.parts.entries())
        results.push(await interpret(ctx, one, `${path}/${index}`, trace, delay));
      return given(results.join());
    }
    case 'all':
      return given(
        (
          await Promise.all(part.parts.map((one, index) => interpret(ctx, one, `${path}/${index}`, trace, delay)))
        ).join(),
      );
    case 'race':
      return given(
        await Promise.race(part.parts.map((one, index) => interpret(ctx, one, `${path}/${index}`, trace, delay))),
      );
  }
}

function workerOf(dispatch: TestDispatch, code: RunFunction): { close(): void } {
  return memoryWorker(dispatch, code, { limits: { divergenceMs: 200 } });
}

const latencies = fc.infiniteStream(fc.integer({ min: 0, max: 4 }));

test('a concurrent program is given the same in the same order by every replay, whatever the latencies are', async () => {
  await fc.assert(
    fc.asyncProperty(program, latencies, latencies, fc.nat({ max: 6 }), async (part, first, second, killedAt) => {
      const dispatch = new TestDispatch();
      const run = dispatch.start('r');
      for (let sent = 0; sent < 3; sent += 1) dispatch.signal(run, 'go', text(`signal ${sent}`), `id-${sent}`);
      const traces: string[][] = [];
      const program = (delays: Iterator<number>, end: () => Promise<undefined>): RunFunction => {
        return async (ctx) => {
          const trace: string[] = [];
          traces.push(trace);
          const result = await interpret(ctx, part, '', trace, () => delays.next().value as number);
          await ctx.step('end', end);
          return text(result);
        };
      };
      let hasEnded = false;
      const hang = (): Promise<undefined> => {
        hasEnded = true;
        return new Promise(() => {});
      };
      // The first worker is lost on its way, the second one just before the end, the third one only replays.
      const killed = workerOf(dispatch, program(first[Symbol.iterator](), hang));
      await until(() => run.stepCount >= killedAt || hasEnded);
      killed.close();
      dispatch.forgetSessions();
      hasEnded = false;
      const lost = workerOf(dispatch, program(second[Symbol.iterator](), hang));
      await until(() => hasEnded);
      lost.close();
      dispatch.forgetSessions();
      const count = run.stepCount;
      const last = workerOf(
        dispatch,
        program(second[Symbol.iterator](), () => Promise.resolve(undefined)),
      );
      await until(() => run.status !== 'open');
      last.close();
      dispatch.close();
      expect({ status: run.status, records: recordsOf(run) }).toMatchObject({ status: 'completed' });
      const [begun = [], whole = [], replayed = []] = traces.length === 3 ? traces : [[], ...traces];
      expect(whole.slice(0, begun.length)).toEqual(begun);
      // A race leaves calls behind, which may have come to their end after the last but one worker was lost.
      expect(replayed.slice(0, whole.length)).toEqual(whole);
      if (!JSON.stringify(part).includes('race')) {
        expect(replayed).toHaveLength(whole.length);
        expect(run.stepCount).toBe(count + 1);
      }
    }),
    { numRuns: 150 },
  );
}, 60_000);
