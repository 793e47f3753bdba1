import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { BenchOptions } from './options.ts';

/** A figure that must not be missed. */
export interface Bar {
  readonly name: string;
  /** What was measured; absent when it could not be. */
  readonly value: number | undefined;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** The rows of a printed table, all with the same columns. */
export type Row = Readonly<Record<string, string | number>>;

/** The middle of some figures. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Prints the table and the bars, writes the JSON, and says with `--check` by the exit code whether all bars hold. */
export function report(options: BenchOptions, title: string, rows: readonly Row[], bars: readonly Bar[]): void {
  const machine = { cores: cpus().length, node: process.version };
  process.stdout.write(`${title} (${machine.cores} cores, node ${machine.node})\n\n${table(rows)}\n`);
  const missed = bars.filter((bar) => !holds(bar));
  for (const bar of bars) {
    process.stdout.write(`${holds(bar) ? 'held  ' : 'MISSED'}  ${describe(bar)}\n`);
  }
  if (options.jsonFile !== undefined) {
    writeFileSync(options.jsonFile, `${JSON.stringify({ title, machine, rows, bars }, null, 2)}\n`);
  }
  if (options.isCheck && missed.length > 0) {
    for (const bar of missed) {
      process.stderr.write(`bar missed: ${describe(bar)}\n`);
    }
    process.exitCode = 1;
  }
}

function holds({ value, atMost, atLeast }: Bar): boolean {
  return (
    value !== undefined &&
    value <= (atMost ?? Number.POSITIVE_INFINITY) &&
    value >= (atLeast ?? Number.NEGATIVE_INFINITY)
  );
}

function describe({ name, value, atMost, atLeast }: Bar): string {
  const limits = [atMost === undefined ? '' : `at most ${atMost}`, atLeast === undefined ? '' : `at least ${atLeast}`];
  const bound = limits.filter((limit) => limit !== '').join(', ');
  return `${name}: ${value === undefined ? 'not measured' : Number(value.toFixed(3))} (${bound})`;
}

function table(rows: readonly Row[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const cells = [columns, ...rows.map((row) => columns.map((column) => String(row[column] ?? '')))];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)));
  const lines = cells.map((line) =>
    line
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
