/**
 * A process that writes heads by a thread and does not close the tables. Called with their folder and with what it does:
 * `idle` waits for what it writes and prints how many rows there are, `pending` does not wait, and `killed` writes,
 * printing each checkpoint that stands, until it ends itself in the middle of it.
 */
import { openSqliteStateTables } from '#libs/store/sqlite/tables/open-tables.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import { bodyOf, headRow, signal, stampAt } from './rows.ts';

const [folder = '', how = ''] = process.argv.slice(2);
const ROWS = 50;
const opened = openSqliteStateTables(folder);
const { tables } = opened;
await opened.startThread();

function headsOf(round: number): RowWrite[] {
  return Array.from({ length: ROWS }, (_, index) => {
    const number = round * ROWS + index;
    return { table: 'heads', put: headRow({ runId: `run-${number}`, startTime: number }), isNew: true };
  });
}

async function writeRound(round: number): Promise<void> {
  await tables.writeRows(stampAt(round + 1), headsOf(round), signal);
  await tables.writeCheckpoint({ partition: 0, position: round + 1, epoch: 1, body: bodyOf('state') });
}

if (how === 'killed') {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 200);
  for (let round = 0; ; round += 1) {
    await writeRound(round);
    console.log(round + 1);
  }
}
const written = writeRound(0);
if (how === 'idle') await written;
console.log(ROWS);
