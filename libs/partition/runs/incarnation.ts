import { LogError } from '#libs/engine/model/log-error.ts';

/** How many characters of a UUIDv7 hold its time. */
const TIME_DIGITS = 13;
/** How many random bytes a UUIDv7 is made of; the last half of one is not used. */
const RANDOM_BYTES = 10;
/** The last time that fits: 48 bits. */
const MAX_TIME_MS: number = 2 ** 48 - 1;

/**
 * When an incarnation was made, in milliseconds since 1970: the time that a UUIDv7 begins with.
 *
 * @throws LogError MALFORMED for what does not begin with one.
 */
export function incarnationTime(incarnation: string): number {
  const time = Number.parseInt(incarnation.slice(0, TIME_DIGITS).replace('-', ''), 16);
  // Times of events count from it: one that is no number would make theirs none.
  if (!(time >= 0)) throw new LogError('MALFORMED', `"${incarnation}" is not an incarnation`);
  return time;
}

/**
 * A UUIDv7 of a time and ten random bytes.
 *
 * @throws RangeError for a time before 1970 or after 48 bits of milliseconds, and for fewer bytes.
 */
export function incarnationFrom(timeMs: number, random: Uint8Array): string {
  if (!(timeMs >= 0 && timeMs <= MAX_TIME_MS)) throw new RangeError(`${timeMs} is not a time of an incarnation`);
  if (random.length < RANDOM_BYTES) throw new RangeError(`ten random bytes are needed, not ${random.length}`);
  const time = Math.floor(timeMs).toString(16).padStart(12, '0');
  const hex = Buffer.from(random.buffer, random.byteOffset, RANDOM_BYTES).toString('hex');
  const variant = (8 + (Number.parseInt(hex.charAt(3), 16) & 3)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(7, 19)}`;
}
