import type { Duration } from '@bufbuild/protobuf/wkt';
import { DomainError } from '#libs/errors/domain-error.ts';

/** What a request says of how waiting raises a priority. */
export type AgingWish =
  | { readonly case: 'agingInterval'; readonly value: Duration }
  | { readonly case: 'noAging'; readonly value: boolean }
  | { readonly case: undefined; readonly value?: undefined };

/** The longest duration there is, which means the same as no aging. */
const MAX_SECONDS = 315_576_000_000n;

/**
 * How long waiting for one level of priority takes: `Infinity` for no aging, absent for the default. What is less than a
 * second, or negative, counts as one second where it is used [20].
 *
 * @throws INVALID_FIELDS for a duration that is none.
 */
export function agingFrom(wish: AgingWish): number | undefined {
  switch (wish.case) {
    case 'agingInterval': {
      const { seconds, nanos } = wish.value;
      if (seconds > MAX_SECONDS || seconds < -MAX_SECONDS || Math.abs(nanos) > 999_999_999) {
        const description = 'must be a duration of at most 315 576 000 000 s';
        throw new DomainError('INVALID_FIELDS', `aging_interval ${description}`, {
          violations: [{ field: 'aging_interval', description }],
        });
      }
      return seconds === MAX_SECONDS ? Infinity : Number(seconds) * 1000 + nanos / 1e6;
    }
    case 'noAging':
      return Infinity;
    case undefined:
      return undefined;
  }
}
