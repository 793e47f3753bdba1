import type { ValueType } from './value-type.ts';

/** Any text that is not empty. */
export function text(placeholder = 'text'): ValueType<string> {
  return {
    placeholder,
    rule: 'a text',
    parse: (raw) => raw || undefined,
    format: (value) => value,
  };
}

/** The path of a file, absolute or relative to the working folder. */
export function filePath(): ValueType<string> {
  return { ...text('file'), rule: 'the path of a file' };
}

/** One of a few words. */
export function choice<const C extends string>(...choices: readonly C[]): ValueType<C> {
  return {
    placeholder: choices.join('|'),
    rule: `one of ${choices.join(', ')}`,
    parse: (raw) => choices.find((one) => one === raw),
    format: (value) => value,
  };
}

/** `true` or `false`; as an option, the name alone means true. */
export function boolean(): ValueType<boolean> {
  return {
    placeholder: 'true|false',
    rule: 'true or false',
    parse: (raw) => (raw === 'true' ? true : raw === 'false' ? false : undefined),
    format: String,
    whenBare: true,
  };
}

/** Several values with commas between them; nothing is an empty list. */
export function list<T>(item: ValueType<T>): ValueType<readonly T[]> {
  return {
    placeholder: `${item.placeholder},…`,
    rule: `a list with commas, each ${item.rule}`,
    parse(raw) {
      const parts = raw.split(',').map((part) => part.trim());
      const values = parts.filter((part) => part !== '').map((part) => item.parse(part));
      return values.includes(undefined) ? undefined : Object.freeze(values as T[]);
    },
    format: (values) => values.map((value) => item.format(value)).join(','),
  };
}
