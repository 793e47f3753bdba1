import type { RowWrite } from '#libs/store/tables/row-writer.ts';

/**
 * Parts the writes of some runs so that each part may be written in any order once the part before it stands: a store may
 * make the rows of one call visible at different moments. What heads name comes before them; what only older heads
 * named, and the rows of items, come after: a head that stands alone knows what of it may be missing.
 */
export function phasesOf(writes: readonly RowWrite[]): readonly (readonly RowWrite[])[] {
  const phases: [RowWrite[], RowWrite[], RowWrite[]] = [[], [], []];
  for (const write of writes) phases[phaseOf(write)].push(write);
  return phases.filter(({ length }) => length > 0);
}

function phaseOf(write: RowWrite): 0 | 1 | 2 {
  switch (write.table) {
    case 'heads':
      return 1;
    case 'items':
      return 'put' in write ? 2 : 0;
    case 'snapshots':
      return 'put' in write ? 0 : 2;
    case 'pastHeads':
    case 'segments':
    case 'signals':
    case 'deadLetters':
    case 'outbox':
    case 'requestIds':
      return 0;
  }
}
