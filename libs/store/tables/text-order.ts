/**
 * Compares two texts by their UTF-8 bytes, as every store orders them: by code point, not by the language of a reader.
 * Negative when `a` comes first.
 */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const unitA = a.charCodeAt(index);
    const unitB = b.charCodeAt(index);
    if (unitA !== unitB) {
      return rankOf(unitA) - rankOf(unitB);
    }
  }
  return a.length - b.length;
}

/** Halves of a pair stand for code points above those that fit in one unit. */
function rankOf(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x2800 : unit;
}
