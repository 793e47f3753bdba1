import { detailsOf, digestOf, structureOf } from './canonical-text.ts';
import type { WorkflowDefinition } from './definition.ts';

/** Tells the texts of one way to hash from those of another; a new way gets a new number. */
const HASH_NAME = ['millrace-definition', 1] as const;
const CONTENT_NAME = ['millrace-definition-content', 1] as const;

/**
 * The definition hash: two definitions have the same one when their runs go the same way. It covers structure, version,
 * time-outs and retries, and neither code, priority, tags, queue, description, retention nor schemas.
 *
 * It is the SHA-256, in lower-case hexadecimal, of the UTF-8 bytes of one JSON text without white space, as ECMAScript's
 * `JSON.stringify` writes it. The text is an array:
 *
 * 1. `"millrace-definition"` and the number 1
 * 2. the workflow's name and its version
 * 3. the content: `["function",[names of the signals]]`, or `["opaque",document]`, where a document is
 *    `[content type, [encodings], SHA-256 of the bytes in lower-case hexadecimal]`
 * 4. the retry policy of the settings, or null where there is none: `[attempts, first wait, "exponential" | "linear" |
 *    "fixed", multiplier, longest wait, jitter, [final error types]]`
 * 5. the time-outs of the settings: `[one attempt, all attempts, ready to leased, heartbeat]`
 * 6. the time-outs of the run and of its clean-up
 *
 * Durations are texts of whole nanoseconds; one that is absent is null. Defaults are filled in before: a policy that
 * says `max_attempts = 3` is the one that leaves it out. Names and types of errors are sets: each once, in the order of
 * their UTF-16 code units. An empty content type is `application/json`. The bytes of a document are taken as they are:
 * the server neither parses nor reformats what a foreign runtime reads.
 */
export function definitionHash(definition: WorkflowDefinition): string {
  return digestOf([...HASH_NAME, ...structureOf(definition)]);
}

/**
 * Tells whether two definitions are the same content: whatever the definition hash covers and all the rest, but not
 * where the source is, which moves with every edit. It is compared and never stored, so it may change with a release.
 */
export function contentDigest(definition: WorkflowDefinition): string {
  return digestOf([...CONTENT_NAME, ...structureOf(definition), ...detailsOf(definition)]);
}
