/** The control characters of ASCII end here. */
const LAST_C0 = 0x1f;
/** The others: delete, and the second set. */
const FIRST_C1 = 0x7f;
const LAST_C1 = 0x9f;

/** Whether a text has a control character: names travel in logs and subjects, and line breaks keep keys apart. */
export function hasControlCharacter(text: string): boolean {
  // A loop, because this is asked of every name of every frame, and those are short.
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code <= LAST_C0 || (code >= FIRST_C1 && code <= LAST_C1)) return true;
  }
  return false;
}
