import { randomFillSync } from 'node:crypto';

/** Bytes that are fetched at a time: a call into the system for each id would cost more than the rest of the id. */
const POOL_BYTES = 4_096;

/** Makes a source of random bytes, fit for ids, that keeps some in store. Each answer is its own: no byte is given twice. */
export function createRandomBytes(): (size: number) => Uint8Array {
  let pool = new Uint8Array();
  let used = 0;
  return (size) => {
    if (used + size > pool.length) {
      pool = randomFillSync(new Uint8Array(Math.max(POOL_BYTES, size)));
      used = 0;
    }
    used += size;
    return pool.subarray(used - size, used);
  };
}
