import type { Document } from 'mongodb';
import { bytesOf } from './rows.ts';

/** What documents have besides the fields of their rows. */
const HIDDEN = new Set(['_id', 'position', 'writes']);

/** The fields of a row whose fields are kept as they are. */
export function fieldsOfPlainRow(row: object): Document {
  return row;
}

/** The row of a document whose fields are those of the row, but for what every document has and what is named. */
export function plainRowFrom<R>(document: Document, ...hidden: readonly string[]): R {
  const row: Document = {};
  for (const [name, value] of Object.entries(document)) {
    if (!HIDDEN.has(name) && !hidden.includes(name)) {
      row[name] = name === 'body' ? bytesOf(value) : value;
    }
  }
  return row as R;
}
