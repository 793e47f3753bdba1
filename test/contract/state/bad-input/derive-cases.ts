import { clone, type DescField, type DescMessage, type Message, toBinary } from '@bufbuild/protobuf';
import { badKeys, badValues } from './bad-values.ts';
import { isOneofRequired, rulesOf } from './field-rules.ts';
import { getField, setField, smallestElement, smallestMessage } from './smallest-message.ts';

/** A request that breaks one rule. */
export interface BadCase {
  /** The path of the field, as a refusal names it. */
  readonly path: string;
  readonly flaw: string;
  readonly request: Message;
  /** It is sent in the binary form only. */
  readonly isBinaryOnly: boolean;
}

/**
 * A payload that is too large fits, and a list of some thousands. What holds 100 000 items is not made: it would take a
 * second each.
 */
const MAX_REQUEST_BYTES = 1_080_000;
/** Larger ones are sent through one door only: what a door does with many bytes has nothing to do with rules. */
const MAX_JSON_REQUEST_BYTES = 64 * 1024;

/** Graphs are large and come in several requests: they are looked into in the one that stores them. */
const GRAPH = 'millrace.workflow.v1.Graph';
const STORES_GRAPHS = 'millrace.state.v1.PutDefinitionRequest';

/** From a message to a field of it, an item of a list, or a value of a map. */
type Step =
  | { readonly field: DescField }
  | { readonly field: DescField; readonly index: number }
  | { readonly field: DescField; readonly key: string };

/**
 * Every request that a valid one becomes when one rule of its descriptor is broken, in it or in a message within it.
 * Messages that it does not have are made. A type of messages is looked into once, where it comes first.
 */
export function badCases(desc: DescMessage, base: Message): readonly BadCase[] {
  const cases: BadCase[] = [];
  const seen = new Set<DescMessage>();
  const add = (
    steps: readonly Step[],
    path: string,
    flaw: string,
    change: (message: Message) => void,
    isBinaryOnly = false,
  ): void => {
    const request = clone(desc, base);
    change(messageAt(request, steps));
    const size = toBinary(desc, request).length;
    if (size > MAX_REQUEST_BYTES) return;
    cases.push({ path, flaw, request, isBinaryOnly: isBinaryOnly || size > MAX_JSON_REQUEST_BYTES });
  };

  const visit = (type: DescMessage, steps: readonly Step[], prefix: string): void => {
    if (seen.has(type) || type.typeName.startsWith('google.protobuf.')) return;
    if (type.typeName === GRAPH && desc.typeName !== STORES_GRAPHS) return;
    seen.add(type);
    for (const oneof of type.oneofs) {
      if (!isOneofRequired(oneof)) continue;
      add(steps, `${prefix}${oneof.name}`, 'with none of its members', (message) => {
        (message as unknown as Record<string, unknown>)[oneof.localName] = { case: undefined };
      });
    }
    for (const field of type.fields) visitField(field, steps, `${prefix}${field.name}`);
  };

  const visitField = (field: DescField, steps: readonly Step[], path: string): void => {
    const { isRequired, ignoresZero, value, keys, items } = rulesOf(field);
    const set = (at: string, flaw: string, content: unknown, isBinaryOnly = false): void =>
      add(steps, at, flaw, (message) => setField(message, field, content), isBinaryOnly);
    if (field.fieldKind === 'list') {
      if (items.min > 0) set(path, 'without items', []);
      if (items.max > 0) {
        const tooMany = Array.from({ length: items.max + 1 }, () => smallestElement(field));
        set(path, `of ${items.max + 1} items`, tooMany);
      }
      for (const { flaw, value: bad } of badValues(field, value, false)) set(`${path}[0]`, flaw, [bad]);
      if (field.message !== undefined) visit(field.message, [...steps, { field, index: 0 }], `${path}[0].`);
      return;
    }
    if (field.fieldKind === 'map') {
      const pairs = Array.from({ length: items.max + 1 }, (_, index) => [`k${index}`, smallestElement(field)]);
      if (items.max > 0) set(path, `of ${items.max + 1} pairs`, Object.fromEntries(pairs));
      for (const { flaw, value: key } of badKeys(keys)) {
        set(`${path}[${JSON.stringify(key)}]`, `with a key ${flaw}`, { [String(key)]: smallestElement(field) });
      }
      for (const { flaw, value: bad } of badValues(field, value, false)) set(`${path}["k"]`, flaw, { k: bad });
      if (field.message !== undefined) visit(field.message, [...steps, { field, key: 'k' }], `${path}["k"].`);
      return;
    }
    for (const { flaw, value: bad, isBinaryOnly } of badValues(field, value, ignoresZero)) {
      set(path, flaw, bad, isBinaryOnly);
    }
    if (field.message !== undefined) {
      if (isRequired) set(path, 'absent', undefined);
      visit(field.message, [...steps, { field }], `${path}.`);
    }
  };

  visit(desc, [], '');
  return cases;
}

/** The message at a place; it is made where it is not there. */
function messageAt(root: Message, steps: readonly Step[]): Message {
  return steps.reduce((message, step) => {
    const { field } = step;
    if (field.message === undefined) throw new TypeError(`${field.name} holds no message`);
    const held = getField(message, field);
    if ('index' in step) {
      const list = held as Message[];
      list[step.index] ??= smallestMessage(field.message);
      return list[step.index] as Message;
    }
    if ('key' in step) {
      const map = held as Record<string, Message>;
      map[step.key] ??= smallestMessage(field.message);
      return map[step.key] as Message;
    }
    if (held !== undefined) return held as Message;
    const made = smallestMessage(field.message);
    setField(message, field, made);
    return made;
  }, root);
}
