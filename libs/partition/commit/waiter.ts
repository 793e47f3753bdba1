/**
 * What became of what somebody waits for.
 * - `durable`: it is in the journal for good.
 * - `late`: it is not known for more than a second. Callers are told UNAVAILABLE now; `durable` or `lost` still follows,
 *   because what is to happen outside must happen if the batch lands after all.
 * - `lost`: the partition has another owner; what was decided here never happened.
 */
export type News = 'durable' | 'late' | 'lost';

/** Hears what became of a batch, in the order in which waiters were added: `late` any number of times, then one of the others. */
export type Waiter = (news: News) => void;
