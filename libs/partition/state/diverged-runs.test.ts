import { expect, test } from 'vitest';
import { createDivergedRuns } from './diverged-runs.ts';
import type { DivergenceNoted } from './partition-event.ts';

function diverged(runId: string, build: string, more: Partial<DivergenceNoted> = {}): DivergenceNoted {
  return {
    kind: 'divergenceNoted',
    tenantId: 't',
    runId,
    incarnation: 'i',
    workflow: 'order',
    version: '1',
    build,
    ...more,
  };
}

test('runs of a definition are found that diverged under another build, and no others', () => {
  const runs = createDivergedRuns();
  runs.add(diverged('a', 'b1'));
  runs.add(diverged('b', 'b2'));
  runs.add(diverged('c', ''));
  runs.add(diverged('d', 'b1', { version: '2' }));
  runs.add(diverged('e', 'b1', { tenantId: 'u' }));
  const found = (build: string): string[] => runs.ofOtherBuilds('t', 'order@1', build).map(({ runId }) => runId);
  expect(found('b1')).toEqual(['b', 'c']);
  expect(found('b2')).toEqual(['a', 'c']);
  expect(found('')).toEqual(['a', 'b']);
  expect(runs.ofOtherBuilds('t', 'order@3', 'b9')).toEqual([]);
});

test('a run is known by its last divergence, and not at all once it goes on', () => {
  const runs = createDivergedRuns();
  runs.add(diverged('a', 'b1'));
  runs.add(diverged('a', 'b2'));
  expect([runs.size, runs.get('1:ta')?.build]).toEqual([1, 'b2']);
  expect(runs.ofOtherBuilds('t', 'order@1', 'b2')).toEqual([]);
  runs.delete('1:ta');
  runs.delete('1:ta');
  expect([runs.size, [...runs.values()]]).toEqual([0, []]);
  expect(runs.ofOtherBuilds('t', 'order@1', 'b3')).toEqual([]);
});

test('a run without room is one of the rest of its definition, and found by itself alone', () => {
  const runs = createDivergedRuns(300);
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) runs.add(diverged(id, 'b1'));
  expect(runs.ofOtherBuilds('t', 'order@1', 'b2').map(({ runId }) => runId)).toEqual(['a', 'b', 'c', 'd']);
  const rest = runs.maybeRest('t', 'order@1');
  expect(rest).toMatchObject({ tenantId: 't', workflow: 'order', version: '1' });
  expect([runs.size, runs.isLeftOut(diverged('e', 'b1')), runs.maybeRest('t', 'order@2')]).toEqual([
    5,
    true,
    undefined,
  ]);
  const again = createDivergedRuns(300);
  for (const one of runs.values()) again.add(one);
  expect([...again.values()]).toEqual([...runs.values()]);
  runs.delete('1:ta');
  runs.delete('1:tb');
  const before = runs.leftOutCount;
  runs.add(diverged('e', 'b1'));
  expect([runs.isLeftOut(diverged('f', 'b1')), runs.leftOutCount]).toEqual([true, before + 2]);
  runs.delete(`1:t${rest?.runId}`);
  expect([runs.maybeRest('t', 'order@1'), runs.isLeftOut(diverged('f', 'b1'))]).toEqual([undefined, false]);
});
