import { type DescMessage, isMessage, type Message } from '@bufbuild/protobuf';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Where a message that was written as a literal has other properties than its type has, deep down. A field that is left
 * out works, but the next literal of the type has another shape, which makes both slower.
 */
export function shapeFaults(desc: DescMessage, message: Message, path: string = desc.name): readonly string[] {
  const fields = message as unknown as Fields;
  const wanted = ['$typeName', ...desc.members.map(({ localName }) => localName)].sort().join(' ');
  const found = Object.keys(fields).sort().join(' ');
  const faults = wanted === found ? [] : [`${path} has ${found}, not ${wanted}`];
  for (const field of desc.fields) {
    if (field.message === undefined) continue;
    const nested = field.message;
    for (const value of valuesOf(fields, field.oneof?.localName, field.localName)) {
      if (isMessage(value)) faults.push(...shapeFaults(nested, value, `${path}.${field.localName}`));
    }
  }
  return faults;
}

/** The fields of a message and of all messages in it that are not set, as paths. */
export function unsetFields(desc: DescMessage, message: Message, path: string = desc.name): readonly string[] {
  const fields = message as unknown as Fields;
  return desc.fields.flatMap((field) => {
    const here = `${path}.${field.localName}`;
    const values = valuesOf(fields, field.oneof?.localName, field.localName);
    if (!values.some(isSet)) return field.oneof === undefined ? [here] : [];
    const nested = field.message;
    if (nested === undefined) return [];
    return values.flatMap((value) => (isMessage(value) ? unsetFields(nested, value, here) : []));
  });
}

function valuesOf(fields: Fields, oneof: string | undefined, name: string): readonly unknown[] {
  if (oneof !== undefined) {
    const chosen = fields[oneof] as { readonly case?: string; readonly value?: unknown };
    return chosen.case === name ? [chosen.value] : [];
  }
  const value = fields[name];
  if (Array.isArray(value)) return value;
  if (typeof value === 'object' && value !== null && !isMessage(value) && !ArrayBuffer.isView(value)) {
    return Object.values(value);
  }
  return [value];
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== '' && value !== 0 && value !== 0n && value !== false;
}
