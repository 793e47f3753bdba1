import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { WriterTask } from './writer-process.ts';

/** What a writer said: the kind of line, partition, position and, where it acknowledged, the batch id. */
export interface WriterLine {
  readonly kind: 'epoch' | 'acked' | 'lost';
  readonly partition: number;
  readonly position: number;
  readonly batchId: string | undefined;
}

/** A writing process. Disposing kills it. */
export interface Writer extends AsyncDisposable {
  /** Everything that it said so far, in whole lines. */
  readonly lines: readonly WriterLine[];
  /** Waits until it has said a number of lines, or has ended. */
  hasSaid(count: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** Tells it the next position of a race; without one the race is over. */
  tell(position?: number): void;
  /** Waits for the end and for the last of its output; answers the exit code, or null after a kill. */
  readonly ended: Promise<number | null>;
}

const script = fileURLToPath(new URL('writer-process.ts', import.meta.url));

/** Starts a process that writes. */
export function startWriter(task: WriterTask): Writer {
  const child = spawn(process.execPath, [script, JSON.stringify(task)], { stdio: ['pipe', 'pipe', 'inherit'] });
  // A child that is gone needs no telling.
  child.stdin.on('error', () => {});
  const lines: WriterLine[] = [];
  let waiting: (() => void)[] = [];
  const wake = (): void => {
    const woken = waiting;
    waiting = [];
    for (const one of woken) one();
  };
  let isOver = false;
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    // What has no end yet may be half a line.
    rest = parts.pop() ?? '';
    lines.push(...parts.map(parseLine));
    wake();
  });
  const ended = once(child, 'close').then(([code]) => {
    isOver = true;
    wake();
    return code as number | null;
  });
  return {
    lines,
    ended,
    async hasSaid(count) {
      while (!isOver && lines.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    kill: (signal) => void child.kill(signal),
    tell: (position) => void (position === undefined ? child.stdin.end() : child.stdin.write(`${position}\n`)),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function parseLine(line: string): WriterLine {
  const [kind, partition, position, batchId] = line.split(' ');
  return { kind: kind as WriterLine['kind'], partition: Number(partition), position: Number(position), batchId };
}
