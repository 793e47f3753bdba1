import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import type { RawWorker } from './raw-worker.ts';
import type { RunCalls } from './run-calls.ts';

/** Numbers of events. */
export const numbersOf = (events: readonly Event[]): number[] => events.map(({ sequence }) => Number(sequence));
/** 1 to a number, or from one number to another. */
export const upTo = (last: number, first = 1): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);
/** What kinds of events these are; of system records what they say, in parentheses. */
export const kindsOf = (events: readonly Event[]): string[] =>
  events.map(({ kind }) => (kind.case === 'systemRecord' ? `(${kind.value.kind.case})` : String(kind.case)));

/** Starts the run `r`, whose function has recorded so many steps, and answers its worker: the log has three events more. */
export async function runWithSteps(calls: RunCalls, steps: number, result = '1'): Promise<RawWorker> {
  await calls.start('r');
  const worker = await calls.worker('w-1');
  const { handle } = await worker.assigned('r');
  for (let done = 0; done < steps; done += 100) {
    const count = Math.min(100, steps - done);
    worker.send({
      steps: Array.from({ length: count }, (_, index) => ({
        handle,
        ordinal: done + index + 1,
        name: 's',
        occurrence: done + index,
        record: { case: 'result', value: { value: { case: 'json', value: result } } } as const,
      })),
    });
    // Together they may take a slow store longer than a worker of tests waits for one thing.
    await worker.until(({ ack }) => ack.find((one) => one.ordinal === done + count));
  }
  return worker;
}
