import { type Codec, object, optional, text, varint } from '#libs/engine/log/codec.ts';
import { ownBytes } from './own-bytes.ts';

/** A request that may be repeated. [journal.md 21] */
export interface RequestMark {
  readonly requestId: string;
  /** A hash of its arguments: others under the same id are refused. */
  readonly argumentsHash: Uint8Array;
}

/** What a start said that is not in the log of the run. It is kept with the run, so that a repeat gets the first reply. */
export interface StartFacts {
  readonly request: RequestMark | undefined;
  /** How long the run is kept after its end. */
  readonly retentionMs: number;
  /** The trace that the run belongs to. Empty: none. */
  readonly traceparent: string;
}

/** Start facts as bytes. */
export const startFacts: Codec<StartFacts> = object<StartFacts>({
  request: optional(object<RequestMark>({ requestId: text, argumentsHash: ownBytes })),
  retentionMs: varint,
  traceparent: text,
});
