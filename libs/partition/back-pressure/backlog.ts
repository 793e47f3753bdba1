/** What a partition takes while its tables are behind its journal. [journal.md 18] */
export type Intake =
  /** Everything. */
  | 'all'
  /** Everything but new starts, which make the backlog grow fastest and hurt least to refuse. */
  | 'noStarts'
  /** Only what ends work or keeps it alive: settles, cancels and renewals. */
  | 'settlesOnly';

/** Above so many bytes without rows, starts are refused: 64 MiB. */
const NO_STARTS_BYTES: number = 64 * 1024 * 1024;
/** So long without a row, starts are refused. */
const NO_STARTS_MS = 30_000;
/** Above so many bytes without rows, nearly everything is refused: 256 MiB. */
const SETTLES_ONLY_BYTES: number = 256 * 1024 * 1024;
/** Records of so long are counted together, so that the backlog's own size is bounded. */
const GRAIN_MS = 100;

/** How far the tables of a partition are behind its journal. */
export interface Backlog {
  /** Bytes of journal that no row covers yet. */
  readonly byteLength: number;
  /** A record is durable. Positions only grow; times are monotonic. */
  add(position: number, bytes: number, monotonicMs: number): void;
  /** Rows cover everything up to a position. */
  cover(position: number): void;
  /** What may come in now, with so many runs in memory whose rows lack something. */
  intake(monotonicMs: number, dirtyRuns: number): Intake;
}

interface Grain {
  lastPosition: number;
  bytes: number;
  readonly sinceMs: number;
}

/** A backlog that is empty. Above so many runs that lack a row starts are refused: they are what memory fills with. */
export function createBacklog(maxDirtyRuns: number): Backlog {
  const grains: Grain[] = [];
  let byteLength = 0;
  return {
    get byteLength() {
      return byteLength;
    },
    add: (position, bytes, monotonicMs) => {
      byteLength += bytes;
      const last = grains.at(-1);
      if (last !== undefined && monotonicMs - last.sinceMs < GRAIN_MS) {
        last.lastPosition = position;
        last.bytes += bytes;
      } else {
        grains.push({ lastPosition: position, bytes, sinceMs: monotonicMs });
      }
    },
    cover: (position) => {
      // A grain that is covered in part still counts whole: what is not known to have a row is taken to have none.
      let covered = 0;
      for (const grain of grains) {
        if (grain.lastPosition > position) break;
        byteLength -= grain.bytes;
        covered += 1;
      }
      grains.splice(0, covered);
    },
    intake: (monotonicMs, dirtyRuns) => {
      if (byteLength > SETTLES_ONLY_BYTES) return 'settlesOnly';
      const oldest = grains[0];
      const isOld = oldest !== undefined && monotonicMs - oldest.sinceMs > NO_STARTS_MS;
      return isOld || byteLength > NO_STARTS_BYTES || dirtyRuns > maxDirtyRuns ? 'noStarts' : 'all';
    },
  };
}
