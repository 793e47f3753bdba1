import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { BlockerSchema } from '#gen/millrace/state/v1/blocker_pb.ts';
import { RunSchema } from '#gen/millrace/state/v1/run_pb.ts';
import { explanationFrom } from './explanation.ts';
import type { Reason } from './reason.ts';

const run = create(RunSchema, { runId: 'r' });
const reason = (severity: number, words: string): Reason => ({
  severity,
  words,
  blocker: create(BlockerSchema, { nodePath: words }),
});

describe('an explanation', () => {
  test('of a run that nothing holds says that it moves', () => {
    expect(explanationFrom(run, [])).toMatchObject({
      run: { runId: 'r' },
      blockers: [],
      blockersTruncated: false,
      summary: 'Nothing holds the run up: it moves.',
    });
  });

  test('puts the most severe reason first and leaves equal ones in their order', () => {
    const { blockers, summary } = explanationFrom(run, [
      reason(1, 'a'),
      reason(3, 'b'),
      reason(1, 'c'),
      reason(3, 'd'),
    ]);
    expect(blockers.map(({ nodePath }) => nodePath)).toEqual(['b', 'd', 'a', 'c']);
    expect(summary).toBe('B (and 3 more reasons).');
  });

  test('tells a hundred reasons at most, counts those that were not looked for, and says that there are more', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => reason(0, `r-${index}`));
    expect(explanationFrom(run, hundred).blockersTruncated).toBe(false);
    const more = explanationFrom(run, [...hundred, reason(1, 'first')], 5);
    expect([more.blockers.length, more.blockersTruncated]).toEqual([100, true]);
    expect(more.summary).toBe('First (and 105 more reasons).');
  });

  test('says of a run that is being cancelled that it cleans up', () => {
    const cancelling = create(RunSchema, { runId: 'r', cancelling: true });
    expect(explanationFrom(cancelling, [reason(0, 'the run waits'), reason(0, 'x')]).summary).toBe(
      'The run is being cancelled and cleans up: the run waits (and one more reason).',
    );
  });
});
