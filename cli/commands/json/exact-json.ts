/** What this Node has and the types of this TypeScript do not know. */
interface ExactJson {
  parse(text: string, revive: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
}

const EXACT = JSON as unknown as ExactJson;

/**
 * Reads JSON so that `JSON.stringify` writes every number as it was written: `12345678901234567890` and `1.0` stay what
 * they are.
 *
 * @throws SyntaxError for a text that is not JSON.
 */
export function parseExactJson(text: string): unknown {
  return EXACT.parse(text, (_key, value, { source }) => {
    return typeof value === 'number' && source !== undefined && String(value) !== source
      ? EXACT.rawJSON(source)
      : value;
  });
}
