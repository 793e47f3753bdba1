import { compareHeadPlaces, type FoundHead, type HeadPlace, type HeadStream } from './head-stream.ts';

/** What was read of a stream and not yielded yet. */
interface Buffer {
  readonly stream: HeadStream;
  heads: readonly FoundHead[];
  next: number;
}

/**
 * Yields the heads of several streams in order, after a place. No statement stays open between two of them. `chunk` is
 * how many are read of a stream at once.
 */
export function* mergeHeads(
  streams: readonly HeadStream[],
  after: HeadPlace,
  chunk: number,
): Generator<FoundHead, void> {
  const buffers: Buffer[] = streams.map((stream) => ({ stream, heads: stream.read(after, chunk, 0), next: 0 }));
  for (;;) {
    let first: Buffer | undefined;
    let head: FoundHead | undefined;
    for (const buffer of buffers) {
      const candidate = buffer.heads[buffer.next];
      if (candidate !== undefined && (head === undefined || compareHeadPlaces(candidate, head) < 0)) {
        first = buffer;
        head = candidate;
      }
    }
    if (first === undefined || head === undefined) {
      return;
    }
    yield head;
    first.next += 1;
    if (first.next === first.heads.length && first.next >= chunk) {
      first.heads = first.stream.read(head, chunk, 0);
      first.next = 0;
    }
  }
}
