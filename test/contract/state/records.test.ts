import { clientRestartsContract } from './client-restarts-contract.ts';
import { controlsContract } from './controls-contract.ts';
import { eventsAppendContract } from './events-append-contract.ts';
import { runStateContract } from './run-state-contract.ts';
import { runStatusContract } from './run-status-contract.ts';
import { clientSignalsContract } from './signals-contract.ts';
import { createMemoryStateHome, createSqliteStateHome } from './state-homes.ts';

controlsContract('controls in SQLite', createSqliteStateHome);
eventsAppendContract('appends in SQLite', createSqliteStateHome);
clientSignalsContract('signals in SQLite', createSqliteStateHome);
runStatusContract('statuses in SQLite', createSqliteStateHome);
runStateContract('state documents in SQLite', createSqliteStateHome);
clientRestartsContract('restarts in SQLite', createSqliteStateHome);

controlsContract('controls in memory', createMemoryStateHome);
eventsAppendContract('appends in memory', createMemoryStateHome);
clientSignalsContract('signals in memory', createMemoryStateHome);
runStatusContract('statuses in memory', createMemoryStateHome);
runStateContract('state documents in memory', createMemoryStateHome);
