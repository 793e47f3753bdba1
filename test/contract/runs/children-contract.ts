import { describe, expect, test } from 'vitest';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { text, textOf } from '#libs/work-loop/testing/text.ts';
import type { RunsContract } from './describe-served.ts';
import { countOf, createFunctionWorld } from './function-world.ts';
import { createMovingState } from './moving-state.ts';

const PARENTS = 12;

/** What holds between a parent and a child of two partitions when their owners die. */
export const childrenContract: RunsContract = (name, createHome) => {
  describe(`${name}, by gRPC`, { timeout: 60_000 }, () => {
    test('[95] a child of another partition runs once and its end is seen once, wherever their owners die', async () => {
      await using state = await createMovingState(createHome);
      await using world = await createFunctionWorld(state.served, state.address);
      const { tenantId, put } = world.calls;
      await put('part');
      const ran = new Map<string, number>();
      await world.worker({
        order: async (run) => {
          const output = await run.child('part', run.input, { runId: `${run.facts.runId}-child` });
          return await run.step('after', () => output);
        },
        part: (run) =>
          run.step('work', () => {
            ran.set(run.facts.runId, (ran.get(run.facts.runId) ?? 0) + 1);
            return run.input;
          }),
      });
      const runIds = Array.from({ length: PARENTS }, (_, at) => `r-${at}`);
      const { node } = state.served;
      const isApart = (runId: string): boolean =>
        node.partitionNumber({ tenantId, runId }) !== node.partitionNumber({ tenantId, runId: `${runId}-child` });
      expect(runIds.filter(isApart).length).toBeGreaterThan(0);
      const runs = runIds.map((runId) =>
        world.session.start({ runId, workflow: 'order', input: text(runId) }, { wait: true }),
      );
      for (const afterMs of [5, 10, 20]) {
        await new Promise((resolve) => setTimeout(resolve, afterMs));
        await state.failOver();
      }
      for (const [at, { ended }] of runs.entries()) {
        const { status, output } = await ended;
        expect(status).toBe(RunStatus.COMPLETED);
        expect(textOf(output)).toBe(`r-${at}`);
      }
      for (const runId of runIds) {
        const parent = await world.events(state.served, runId);
        expect(countOf(parent, 'childStarted')).toBe(1);
        expect(countOf(parent, 'childEnded')).toBe(1);
        const child = await world.events(state.served, `${runId}-child`);
        expect(countOf(child, 'runStarted')).toBe(1);
        expect(countOf(child, 'stepRecorded')).toBe(1);
        expect(countOf(child, 'runEnded')).toBe(1);
      }
      expect([...ran.keys()].length).toBe(PARENTS);
    });
  });
};
