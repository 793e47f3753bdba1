/**
 * A number or version that a caller expects, as the engine counts. Those above 2^53 − 1 come out as that, because no log
 * is that long. Absent stays absent.
 */
export function maybeCountFromProto(count: bigint | undefined): number | undefined {
  if (count === undefined) return undefined;
  return count > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(count);
}
