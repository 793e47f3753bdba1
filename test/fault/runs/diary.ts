import { openSync, readFileSync, writeSync } from 'node:fs';

/** A line of the diary: what a worker did outside of the state service. */
export interface DiaryLine {
  /** The code of a step ran, or the function was given its result, which is acknowledged by then. */
  readonly kind: 'ran' | 'given';
  readonly runId: string;
  /** The name of the step in this diary. */
  readonly step: string;
  /** What this execution gave, or what the function was given. */
  readonly token: string;
  readonly timeMs: number;
}

/** Writes what steps do into a file that outlives every process. */
export interface Diary {
  write(line: Omit<DiaryLine, 'timeMs'>): void;
}

/** Opens a diary that many processes write: a short write at the end of a file is never torn. */
export function openDiary(path: string): Diary {
  const file = openSync(path, 'a');
  return {
    write: ({ kind, runId, step, token }) => {
      writeSync(file, `${[kind, runId, step, token, Date.now()].join(' ')}\n`);
    },
  };
}

/** Reads a diary in the order in which it was written. */
export function readDiary(path: string): readonly DiaryLine[] {
  const lines = readFileSync(path, { encoding: 'utf8', flag: 'a+' }).split('\n').slice(0, -1);
  return lines.map((line) => {
    const [kind, runId = '', step = '', token = '', time] = line.split(' ');
    return { kind: kind === 'ran' ? 'ran' : 'given', runId, step, token, timeMs: Number(time) };
  });
}
