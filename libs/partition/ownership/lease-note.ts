import { numberOf, packBody, parseBody, textOf, textsOf } from './row-body.ts';

/** What the body of a partition's lease says beside who owns it. */
export interface LeaseNote {
  /** The newest format that the partition is written in; who cannot read it does not take it. [journal.md 14] */
  readonly format: number;
  /** Who is to take it, once it was freed. Empty: whoever it falls to. */
  readonly target: string;
  /** Who could not recover it of late; they come last. It stands here, because all have to be of one mind about it. */
  readonly refusers: readonly string[];
}

/** What stands for a body of a later release: nobody of this one takes such a partition. */
export const NEWER_NOTE: LeaseNote = { format: Number.POSITIVE_INFINITY, target: '', refusers: [] };

/** What stands for a body that is damaged. It has nothing that is worth more than the partition being served. */
export const DAMAGED_NOTE: LeaseNote = { format: 0, target: '', refusers: [] };

/** The last ones that are kept. */
const MAX_REFUSERS = 16;

/** Packs a note. */
export function bodyFromNote({ format, target, refusers }: LeaseNote): Uint8Array {
  return packBody({ format, target, refusers: refusers.slice(-MAX_REFUSERS) });
}

/**
 * Reads what `bodyFromNote` wrote.
 *
 * @throws DATA_CORRUPTION for a body that is damaged or of a newer release's format.
 */
export function noteFromBody(partition: number, body: Uint8Array): LeaseNote {
  const fields = parseBody(`lease of partition ${partition}`, body);
  return {
    format: numberOf(fields, 'format'),
    target: textOf(fields, 'target'),
    refusers: textsOf(fields, 'refusers'),
  };
}
