/** A number that loses digits as a number of JavaScript, as it was written. */
interface RawNumber {
  readonly rawJSON: string;
}

/** A value of JSON. */
export type Json = null | boolean | number | string | RawNumber | JsonArray | JsonObject;
type JsonArray = readonly Json[];

/** An object of JSON. Its names are only those that it has itself: any name may be among them. */
export interface JsonObject {
  readonly [name: string]: Json;
}

/** What Node has and the types do not know yet. */
interface ExactJson {
  parse(text: string, reviver: (name: string, value: unknown, context: { readonly source?: string }) => unknown): Json;
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): boolean;
}

const exact = JSON as unknown as ExactJson;
/** What a number looks like that may lose digits. Most texts have none, and are read at full speed. */
const LONG_NUMBER = /[\d.]{16}|\d[eE]/;

/**
 * Reads JSON; numbers keep all their digits.
 *
 * @throws SyntaxError.
 */
export function parseJson(text: string): Json {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text) as Json;
  return exact.parse(text, (_name, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? exact.rawJSON(source) : value,
  );
}

/** Whether a value is an object, and not an array or a number. */
export function isJsonObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !exact.isRawJSON(value);
}

/** Whether a value is an array. */
export function isJsonArray(value: Json): value is JsonArray {
  return Array.isArray(value);
}

/** The value of a name of an object, if it has it itself. */
export function maybeMember(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** A copy of an object for other members, without looking at those that stay. */
export function copyObject(object: JsonObject): Record<string, Json> {
  return { ...object };
}

/** Sets a member of an object of our own, whatever its name. */
export function setMember(object: Record<string, Json>, name: string, value: Json): void {
  if (name !== '__proto__') object[name] = value;
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

/** Whether arrays and objects of a text are nested deeper than a limit. Counts brackets alone: the text may be no JSON. */
export function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let isString = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (isString) {
      if (char === '\\') at += 1;
      else isString = char !== '"';
    } else if (char === '"') {
      isString = true;
    } else if (char === '[' || char === '{') {
      depth += 1;
      if (depth > limit) return true;
    } else if (char === ']' || char === '}') {
      depth -= 1;
    }
  }
  return false;
}
