import { lettersOf, oneLine } from './printable.ts';

/** The cells of a row, as many as there are titles. */
export type Row = readonly string[];

/** Between two columns, as other tools have it, so that what cuts columns at two blanks works. */
const GAP = '   ';

/** No cell but the last makes its column wider: one long name does not push the rest out of sight. */
const MAX_WIDTH = 60;

/** Columns under their titles. A cell is one line; an empty one is `-`. */
export function renderTable(titles: Row, rows: readonly Row[]): string {
  const cells = [titles, ...rows.map((row) => row.map((cell) => oneLine(cell) || '-'))];
  const widths = titles.map((_, column) => {
    return Math.max(...cells.map((row) => Math.min(MAX_WIDTH, lengthOf(row[column] ?? ''))));
  });
  return cells
    .map((row) =>
      row
        .map((cell, column) => pad(cell, widths[column] ?? 0))
        .join(GAP)
        .trimEnd(),
    )
    .join('\n');
}

/** A name and what it says, for each that says something. What has several lines goes below its name, indented. */
export function renderFields(fields: readonly (readonly [name: string, value: string | undefined])[]): string {
  const said = fields.filter((field): field is readonly [string, string] => (field[1] ?? '') !== '');
  const width = Math.max(0, ...said.map(([name]) => name.length));
  return said
    .map(([name, value]) => {
      return value.includes('\n') ? `${name}\n${indent(value)}` : `${name.padEnd(width)}${GAP}${value}`;
    })
    .join('\n');
}

/** Every line two blanks to the right. */
export function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}

function pad(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - lengthOf(cell)));
}

function lengthOf(cell: string): number {
  return /^[ -~]*$/.test(cell) ? cell.length : lettersOf(cell).length;
}
