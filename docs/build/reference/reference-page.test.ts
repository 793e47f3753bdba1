import { beforeAll, describe, expect, test } from 'vitest';
import type { Declared, Door } from './door.ts';
import { readDoor } from './read-door.ts';
import { renderDoor } from './reference-page.ts';

describe('what is read of a door', () => {
  let door: Door;
  beforeAll(() => {
    door = readDoor('libs/sdk/millrace.ts');
  });

  const declared = (name: string): Declared | undefined => door.exports.find((one) => one.name === name);
  const member = (owner: string, start: string) =>
    declared(owner)?.members.find(({ signatures }) => signatures[0]?.startsWith(start));

  test('is every export under its name there, in its order, each with a comment', () => {
    expect(door.exports.map(({ name }) => name).slice(0, 3)).toEqual(['MillraceError', 'Divergence', 'CancelledError']);
    expect(declared('MillraceError')).toMatchObject({
      file: 'libs/errors/domain-error.ts',
      signatures: ['class MillraceError extends Error'],
    });
    expect([...door.exports, ...door.named].filter(({ comment }) => comment === '')).toEqual([]);
  });

  test('has the fields of an interface with their comments, also behind another name', () => {
    expect(member('StepOptions', 'timeoutMs')).toEqual({
      signatures: ['timeoutMs?: number'],
      comment: expect.stringContaining('1 ms to 30 days'),
    });
  });

  test('has overloads without the one that has the code, and nothing that is private', () => {
    expect(member('Client', 'start')?.signatures).toHaveLength(2);
    expect(
      declared('Client')
        ?.members.flatMap(({ signatures }) => signatures)
        .join('\n'),
    ).not.toContain('#');
    expect(member('RunHandle', 'new')).toBeUndefined();
  });

  test('tells defaults of parameters as optional ones, and names what is taken apart by its type', () => {
    expect(member('Client', 'run')?.signatures).toEqual([
      'run<O = unknown>(runId: string, incarnation?: string): RunHandle<O>',
    ]);
    expect(member('RunHandle', 'send')?.signatures).toEqual([
      'send<T>(signal: Signal<T>, ...given: Given<T, SendOptions>): Promise<void>',
    ]);
  });

  test('says what a type is that the source only points at, and what other types are named', () => {
    expect(member('ConnectionOptions', 'token')?.signatures).toEqual(['token?: string | (() => string)']);
    expect(member('WorkerOptions', 'onTrouble')?.signatures).toEqual(['onTrouble?: (error: MillraceError) => void']);
    expect(door.named.map(({ name }) => name)).toContain('RetryPolicy');
    expect(door.messages).toContainEqual({ name: 'Run', file: 'proto/millrace/state/v1/run.proto' });
  });
});

test('headings that differ by their case have links of their own, and bars stay in their cell', () => {
  const one = (name: string): Declared => ({
    name,
    file: 'libs/one.ts',
    signatures: [`interface ${name}`],
    comment: 'First. Second.',
    members: [{ signatures: ['a: 1 | 2'], comment: 'One\n\nor two.' }],
  });
  const page = renderDoor({ exports: [one('Signal'), one('signal')], named: [], messages: [] });
  expect(page).toContain('| [`Signal`](#signal) | First. |\n| [`signal`](#signal-1) | First. |');
  expect(page).toContain('| `a: 1 \\| 2` | One or two. |');
});
