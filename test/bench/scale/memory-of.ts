import { readFileSync } from 'node:fs';

/** MiB of memory that a process has in RAM, as the system counts it. */
export function memoryOf(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  if (kib === undefined) throw new RangeError(`process ${pid} tells no memory`);
  return Number(kib) / 1024;
}
