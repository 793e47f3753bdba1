import type { StateChange } from '#libs/engine/events/client-events.ts';
import { copyObject, isJsonArray, isJsonObject, type Json, type JsonObject, maybeMember, setMember } from './json.ts';
import { mergePatch } from './merge-patch.ts';

/** Bytes of a state document at most, as JSON. */
export const MAX_STATE_BYTES: number = 1024 * 1024;
/** So many changes are read to build a document, and not more. */
const MAX_PATCHES = 64;

/** The state document of a run at one version. It never changes. */
export interface StateDocument {
  /** How often it was changed. */
  readonly version: number;
  readonly value: JsonObject;
  /** Bytes of its JSON. */
  readonly bytes: number;
  /** The changes since it was last recorded as a whole. */
  readonly patches: number;
  /** Bytes of those changes. */
  readonly patchBytes: number;
}

/** A change of a state document. */
export interface DocumentChange {
  readonly change: StateChange;
  /** The array that is appended to. Empty where the change is to the document. */
  readonly key: string;
  readonly value: Json;
  /** The value as JSON. */
  readonly text: string;
}

/** A document after a change. */
export interface ChangedDocument {
  readonly document: StateDocument;
  /** Its JSON, where that was made on the way. */
  readonly text: string | undefined;
}

/** What a run has that nobody has changed. */
export const EMPTY_DOCUMENT: StateDocument = { version: 0, value: {}, bytes: 2, patches: 0, patchBytes: 0 };

/** Changes a document. Undefined: what is to be appended to is no array, or what is no object is to be merged. */
export function maybeChangeDocument(before: StateDocument, change: DocumentChange): ChangedDocument | undefined {
  if (change.change === 'append') return maybeAppend(before, change);
  const { value, text } = change;
  if (!isJsonObject(value)) return undefined;
  const version = before.version + 1;
  if (change.change === 'replace') {
    return { document: { version, value, bytes: Buffer.byteLength(text), patches: 0, patchBytes: 0 }, text };
  }
  const merged = mergePatch(before.value, value);
  const whole = JSON.stringify(merged);
  const bytes = Buffer.byteLength(whole);
  return { document: { ...patched(before, text), value: merged, bytes }, text: whole };
}

/**
 * Whether a document is to be recorded as a whole in place of its last change: so many were made that it takes long to
 * build it, or together they are larger than it.
 */
export function isWholeDue({ patches, patchBytes, bytes }: StateDocument): boolean {
  return patches > MAX_PATCHES || patchBytes > bytes;
}

/** A document that was recorded as a whole. */
export function asWhole(document: StateDocument): StateDocument {
  return { ...document, patches: 0, patchBytes: 0 };
}

/** How many elements the array under a key has. */
export function lengthIn({ value }: StateDocument, key: string): number {
  const member = maybeMember(value, key);
  return member !== undefined && isJsonArray(member) ? member.length : 0;
}

/** Appends; what the JSON grows by is counted, because to make it takes longer than all the rest. */
function maybeAppend(before: StateDocument, { key, value, text }: DocumentChange): ChangedDocument | undefined {
  const array = maybeMember(before.value, key) ?? [];
  const isNew = !Object.hasOwn(before.value, key);
  if (!isNew && maybeMember(before.value, key) === null) return undefined;
  if (!isJsonArray(array)) return undefined;
  const changed = copyObject(before.value);
  setMember(changed, key, [...array, value]);
  let bytes = before.bytes + Buffer.byteLength(text);
  // A comma before it; or the name, the colon, the brackets, and a comma where it is not the first member.
  if (!isNew) bytes += array.length > 0 ? 1 : 0;
  else bytes += Buffer.byteLength(JSON.stringify(key)) + 3 + (before.bytes > 2 ? 1 : 0);
  return { document: { ...patched(before, text), value: changed, bytes }, text: undefined };
}

function patched(before: StateDocument, text: string): Pick<StateDocument, 'version' | 'patches' | 'patchBytes'> {
  return {
    version: before.version + 1,
    patches: before.patches + 1,
    patchBytes: before.patchBytes + Buffer.byteLength(text),
  };
}
