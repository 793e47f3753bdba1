import { describe, expect, test } from 'vitest';
import { createMemoryLook, returnMemory } from './return-memory.ts';

const MIB = 1024 * 1024;

function createProcess() {
  const state = { mib: 600, share: 0.5, collected: 0, told: [] as boolean[] };
  const look = createMemoryLook({
    residentBytes: () => state.mib * MIB,
    busyShare: () => state.share,
    setQuiet: (isQuiet) => state.told.push(isQuiet),
    collect: () => {
      state.collected += 1;
      state.mib = 300;
    },
  });
  return { state, look };
}

describe('memory is given back', () => {
  test('once, when the process has been quiet for two looks', () => {
    const { state, look } = createProcess();
    look();
    state.share = 0.05;
    look();
    expect(state.collected).toBe(0);
    for (let more = 0; more < 5; more += 1) look();
    expect(state).toMatchObject({ collected: 1, mib: 300 });
  });

  test('not between two moments of work, and not for little', () => {
    const { state, look } = createProcess();
    for (const share of [0, 0.5, 0, 0.5, 0]) {
      state.share = share;
      look();
    }
    state.mib = 255;
    look();
    expect(state.collected).toBe(0);
  });

  test('and the engine is told of every change between quiet and busy', () => {
    const { state, look } = createProcess();
    for (const share of [0.5, 0, 0, 0, 0.5, 0.5, 0]) {
      state.share = share;
      look();
    }
    expect(state.told).toEqual([true, false, true]);
  });

  test('again only when it has become a quarter more than was left', () => {
    const { state, look } = createProcess();
    const rest = (): void => {
      for (const share of [0.5, 0, 0]) {
        state.share = share;
        look();
      }
    };
    rest();
    state.mib = 370;
    rest();
    expect(state.collected).toBe(1);
    state.mib = 376;
    rest();
    expect(state.collected).toBe(2);
  });
});

test('a process is looked at until that is disposed', () => {
  using watch = returnMemory();
  expect(watch).toBeDefined();
});
