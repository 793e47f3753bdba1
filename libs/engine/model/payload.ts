/** Bytes in the blob store. */
export interface PayloadRef {
  /** SHA-256 of the bytes. */
  readonly sha256: Uint8Array;
  /** Their number. */
  readonly size: number;
}

/**
 * A value of a user. The engine never looks inside and never copies it. With neither `data` nor `ref` it is null. The
 * wire's `json` form is turned into `data` before it comes here, and an upload id has been resolved by then.
 */
export interface Payload {
  /** The media type of the bytes. Empty: `application/json`. */
  readonly contentType: string;
  /** What was done to the bytes, in order. */
  readonly encodings: readonly string[];
  /** The bytes themselves. */
  readonly data: Uint8Array | undefined;
  /** Where the bytes are, when they are not here. */
  readonly ref: PayloadRef | undefined;
}

/** How many bytes a payload stands for, wherever they are. */
export function payloadSize(payload: Payload | undefined): number {
  if (payload === undefined) return 0;
  return payload.data?.length ?? payload.ref?.size ?? 0;
}
