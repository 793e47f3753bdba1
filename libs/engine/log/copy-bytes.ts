/** Up to so many bytes a loop is faster than a view and a call into the runtime. */
const LOOP_BYTES = 192;

/** Copies a part of one array into another, for which there has to be room. */
export function copyBytes(target: Uint8Array, at: number, source: Uint8Array, from: number, to: number): void {
  if (to - from > LOOP_BYTES) {
    target.set(from === 0 && to === source.length ? source : source.subarray(from, to), at);
    return;
  }
  let place = at;
  for (let index = from; index < to; index += 1) target[place++] = source[index] ?? 0;
}
