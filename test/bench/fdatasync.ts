import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { median } from './report.ts';

const ROUNDS = 200;
const BLOCK = Buffer.alloc(4096, 1);

/** Milliseconds that this machine takes to make a block durable: what every commit waits for. */
export function measureFdatasync(folder: string): number {
  const path = join(folder, 'fdatasync');
  const file = openSync(path, 'w');
  const took: number[] = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    writeSync(file, BLOCK, 0, BLOCK.length, i * BLOCK.length);
    const start = performance.now();
    fdatasyncSync(file);
    took.push(performance.now() - start);
  }
  closeSync(file);
  rmSync(path);
  return median(took);
}
