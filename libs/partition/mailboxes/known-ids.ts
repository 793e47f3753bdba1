/** Bits for each id: with four of them set, one unknown id of four hundred is taken for a known one. */
const BITS_PER_ID = 16;
/** Where the bits of an id come from: two hashes, and two sums of them. */
const PROBES = 4;
const FIRST_SEED = 0x811c9dc5;
const SECOND_SEED = 0x9e3779b1;
/** Ids that a filter has room for at first. */
const FIRST_CAPACITY = 65_536;
/** The largest filter, of 16 MiB, as large as all before it: with more ids than fit, every one is looked for. */
const MAX_CAPACITY = 8_388_608;

/**
 * Tells which ids are certainly not among those that were added: without a read, and without remembering them. It never
 * says so of one that was added.
 */
export interface KnownIds {
  /** How many were added. */
  readonly size: number;
  /** Whether it has room for what comes. Once it has not, every id may be there. */
  readonly isFull: boolean;
  add(id: string): void;
  mayHave(id: string): boolean;
}

interface Filter {
  readonly bits: Uint32Array;
  readonly capacity: number;
  count: number;
}

/** Makes an empty set. It grows by a further filter of twice the size; an id is looked for in each. */
export function createKnownIds(firstCapacity: number = FIRST_CAPACITY): KnownIds {
  const filters: Filter[] = [createFilter(firstCapacity)];
  let size = 0;
  let isFull = false;

  return {
    get size() {
      return size;
    },
    get isFull() {
      return isFull;
    },
    add: (id) => {
      size += 1;
      let last = filters.at(-1);
      if (last === undefined || last.count >= last.capacity) {
        if (last !== undefined && last.capacity * 2 > MAX_CAPACITY) {
          isFull = true;
          return;
        }
        last = createFilter((last?.capacity ?? FIRST_CAPACITY / 2) * 2);
        filters.push(last);
      }
      last.count += 1;
      setBits(last, id);
    },
    mayHave: (id) => {
      if (isFull) return true;
      const first = hash(id, FIRST_SEED);
      const second = hash(id, SECOND_SEED) | 1;
      for (const filter of filters) if (hasBits(filter, first, second)) return true;
      return false;
    },
  };
}

function createFilter(capacity: number): Filter {
  return { bits: new Uint32Array(Math.ceil((capacity * BITS_PER_ID) / 32)), capacity, count: 0 };
}

function setBits({ bits }: Filter, id: string): void {
  const size = bits.length * 32;
  const first = hash(id, FIRST_SEED);
  const second = hash(id, SECOND_SEED) | 1;
  for (let probe = 0; probe < PROBES; probe += 1) {
    const bit = ((first + probe * second) >>> 0) % size;
    bits[bit >>> 5] = (bits[bit >>> 5] ?? 0) | (1 << (bit & 31));
  }
}

function hasBits({ bits }: Filter, first: number, second: number): boolean {
  const size = bits.length * 32;
  for (let probe = 0; probe < PROBES; probe += 1) {
    const bit = ((first + probe * second) >>> 0) % size;
    if (((bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return false;
  }
  return true;
}

/** FNV-1a with a last mix, because ids often differ in their last letter only. */
function hash(text: string, seed: number): number {
  let value = seed;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  value = Math.imul(value ^ (value >>> 12), 0x297a2d39);
  return (value ^ (value >>> 15)) >>> 0;
}
