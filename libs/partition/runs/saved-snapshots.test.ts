import { expect, test } from 'vitest';
import type { EventOf } from '#libs/engine/events/event.ts';
import { createScenario, payloadOf } from '#libs/engine/testing/scenario.ts';
import { hasLargeSave, noSavedPayloads, withoutPayloads } from './saved-snapshots.ts';

type Recorded = EventOf<'systemRecord'>;

function save(sizes: readonly number[]): { readonly events: readonly Recorded[] } {
  const s = createScenario('CLIENT');
  const events: Recorded[] = [];
  for (const size of sizes) {
    const payload = payloadOf('x'.repeat(size));
    s.accept({
      kind: 'saveSnapshot',
      payload,
      status: 'RUNNING',
      position: undefined,
      priority: undefined,
      tags: [],
      hints: [],
      atSequence: 0,
      expectedVersion: undefined,
      fence: undefined,
      taskId: '',
      result: undefined,
      output: undefined,
      failure: undefined,
      requestedBy: '',
    });
    events.push(...(s.events as readonly Recorded[]));
  }
  return { events };
}

test('a small payload stays in the log', () => {
  const { events } = save([256]);
  expect(hasLargeSave(events)).toBe(false);
});

test('a large one is taken out of it, and waits under its version', () => {
  const { events } = save([10, 257]);
  expect(hasLargeSave(events)).toBe(true);
  const saved = noSavedPayloads();
  const kept = withoutPayloads(events, saved);
  expect([...saved.waiting.keys()]).toEqual([2]);
  expect(kept).toHaveLength(events.length);
  expect(hasLargeSave(kept)).toBe(false);
  expect(kept.map(({ sequence }) => sequence)).toEqual(events.map(({ sequence }) => sequence));
});

test('of many that have no row only the last ten wait', () => {
  const saved = noSavedPayloads();
  withoutPayloads(save(Array.from({ length: 25 }, () => 300)).events, saved);
  expect([...saved.waiting.keys()]).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25]);
});
