import type { Folded, LineResult, TestState } from './fold.ts';
import { DOORS, type Place, STORES } from './places.ts';

const MARKS: Readonly<Record<TestState, string>> = { held: '+', failed: 'X', 'not run': '!' };
/** How doors are called above the columns: within the process, gRPC, HTTP. */
const DOOR_HEADS = { none: 'p', gRPC: 'g', HTTP: 'h' } as const;
const CELLS: readonly Place[] = STORES.flatMap((store) => DOORS.map((door) => ({ store, door })));
const GROUP_WIDTH = 10;
const RULE = '!'.repeat(120);
const LEGEND = 'p: in process, g: gRPC, h: HTTP; +: held, X: failed, !: not run, .: no test there';

/** What all tests say, and what was in their way. */
export interface Told extends Folded {
  /** Files of tests that do not load, and errors outside of tests: lines may hide behind them. */
  readonly troubles: readonly string[];
}

/** What the runner prints: a row for each line, what is wrong, and what there is of each verdict. */
export function printFolded({ lines, unknown, notRun, troubles }: Told, required: readonly number[]): string {
  const failures = lines.flatMap(({ number, failures }) => failures.map((failure) => `  [${number}] ${failure}`));
  const missing = missingLines(lines, required).map(
    ({ number, title, verdict, lacks }) =>
      `  ${number} ${title}: ${[...(verdict === 'failed' ? [verdict] : []), ...lacks].join('; ')}`,
  );
  return [
    ...headLines(),
    ...lines.map(rowOf),
    '',
    LEGEND,
    ...section('FAILED:', failures),
    ...section('TROUBLE outside of tests:', indented(troubles)),
    ...section('tests that name lines which are not there:', indented(unknown)),
    ...loudly(notRun.map((reason) => `!! NOT RUN: ${reason}`)),
    ...section('REQUIRED, and not held:', missing),
    '',
    summaryOf(lines),
    '',
  ].join('\n');
}

/** The required lines that do not hold wherever they have to. */
export function missingLines(lines: readonly LineResult[], required: readonly number[]): readonly LineResult[] {
  return lines.filter(({ number, verdict }) => required.includes(number) && verdict !== 'held');
}

function headLines(): readonly string[] {
  const stores = STORES.map((store) => (store === 'none' ? 'no store' : store).padEnd(GROUP_WIDTH)).join('');
  const doors = STORES.map(() =>
    DOORS.map((door) => DOOR_HEADS[door])
      .join(' ')
      .padEnd(GROUP_WIDTH),
  ).join('');
  return [`      ${' '.repeat(15)}${stores}`, `line  ${' '.repeat(15)}${doors}`].map((line) => line.trimEnd());
}

function rowOf({ number, title, verdict, places, lacks }: LineResult): string {
  const marks = CELLS.map(({ store, door }) => {
    const place = places.find((one) => one.store === store && one.door === door);
    return place === undefined ? '.' : MARKS[place.state];
  });
  const groups = STORES.map((_, at) =>
    marks
      .slice(at * DOORS.length, (at + 1) * DOORS.length)
      .join(' ')
      .padEnd(GROUP_WIDTH),
  ).join('');
  // A line without any test lacks everything.
  const why = places.length > 0 && lacks.length > 0 ? ` (${lacks.join('; ')})` : '';
  return `${String(number).padStart(4)}  ${verdict.padEnd(15)}${groups}${title}${why}`;
}

function section(title: string, rows: readonly string[]): readonly string[] {
  return rows.length === 0 ? [] : ['', title, ...rows];
}

function indented(rows: readonly string[]): readonly string[] {
  return rows.map((row) => `  ${row}`);
}

/** Whatever needs a server that is missing has not been looked at. */
function loudly(rows: readonly string[]): readonly string[] {
  return rows.length === 0 ? [] : ['', RULE, ...rows, RULE];
}

function summaryOf(lines: readonly LineResult[]): string {
  const count = (wanted: string): number => lines.filter(({ verdict }) => verdict === wanted).length;
  const notRun = count('not run');
  return `${count('held')} lines held, ${count('failed')} failed, ${count('not built yet')} not built yet${notRun > 0 ? `, ${notRun} not run` : ''}`;
}
