/** A stream of one message: the request of a method that takes one and answers many. */
export async function* only<T>(value: T): AsyncIterable<T> {
  yield value;
}
