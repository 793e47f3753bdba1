import type { FieldPlan, MemberPlan, MessagePlan } from './field-plan.ts';

const VARINT = 0;
const BITS_64 = 1;
const DELIMITED = 2;
/** As deep as the full codec goes. */
const MAX_DEPTH = 100;

/** Names the codec of a field's messages in the text of a generated one. */
export type NestedName = (field: FieldPlan) => string;

/**
 * The text of a function that reads a message between two places of some bytes. What is not written as usual, it leaves
 * to the full codec: fields that it does not know, a field that comes twice, numbers that are negative.
 */
export function decoderSource({ typeName, fields, members }: MessagePlan, nested: NestedName): string {
  const variables = new Map(members.map(({ name }, index) => [name, `f${index}`]));
  const variableOf = ({ name, oneof }: FieldPlan): string => variables.get(oneof ?? name) ?? '';
  const declared = members.map((member) => `let ${variables.get(member.name)} = ${zeroOf(member)};`);
  const cases = fields.map(
    (field) => `case ${tagOf(field)}: { ${readField(field, variableOf(field), nested)} break; }`,
  );
  const properties = members.map(({ name }) => `${JSON.stringify(name)}: ${variables.get(name)}`);
  return `function decode(b, start, end, depth) {
  if (depth > ${MAX_DEPTH}) throw unusual;
  let p = start;
  ${declared.join('\n  ')}
  while (p < end) {
    let tag = b[p++];
    if (tag > 127) tag = (tag & 127) | (b[p++] << 7);
    switch (tag) {
      ${cases.join('\n      ')}
      default: throw unusual;
    }
  }
  if (p !== end) throw unusual;
  return { ${[`$typeName: ${JSON.stringify(typeName)}`, ...properties].join(', ')} };
}`;
}

/** The tag that the field has in what is written as usual. */
export function tagOf({ number, kind, shape }: FieldPlan): number {
  return (number << 3) | (shape === 'single' ? wireTypeOf(kind) : DELIMITED);
}

function wireTypeOf(kind: FieldPlan['kind']): number {
  switch (kind) {
    case 'text':
    case 'bytes':
    case 'message':
      return DELIMITED;
    case 'double':
      return BITS_64;
    default:
      return VARINT;
  }
}

function zeroOf({ field }: MemberPlan): string {
  if (field === undefined) return '{ case: undefined }';
  if (field.shape === 'list') return '[]';
  if (field.shape === 'map') return '{}';
  if (!field.skipsZero) return 'undefined';
  switch (field.kind) {
    case 'text':
      return "''";
    case 'bytes':
      return 'new Uint8Array(0)';
    case 'bool':
      return 'false';
    case 'int64':
      return '0n';
    default:
      return '0';
  }
}

function readField(field: FieldPlan, variable: string, nested: NestedName): string {
  if (field.shape === 'map') return readEntry(field, variable, nested);
  if (field.shape === 'list' && field.kind !== 'text' && field.kind !== 'message') {
    return `${readLength()} while (p < e) { ${readValue(field, nested)} ${variable}.push(v); } if (p !== e) throw unusual;`;
  }
  const read = readValue(field, nested);
  if (field.shape === 'list') return `${read} ${variable}.push(v);`;
  if (field.oneof !== undefined) {
    const name = JSON.stringify(field.name);
    return `if (${variable}.case !== undefined) throw unusual; ${read} ${variable} = { case: ${name}, value: v };`;
  }
  const once = field.kind === 'message' ? `if (${variable} !== undefined) throw unusual; ` : '';
  return `${once}${read} ${variable} = v;`;
}

/** An entry of a map has its key first. */
function readEntry(field: FieldPlan, variable: string, nested: NestedName): string {
  const key = `if (b[p++] !== 10) throw unusual; let k; { ${readLength()} k = text(b, p, e); p = e; }`;
  const value = `if (b[p++] !== 18) throw unusual; { ${readValue(field, nested)} ${variable}[k] = v; }`;
  return `${readLength('entry')} ${key} if (k === '__proto__') throw unusual; ${value} if (p !== entry) throw unusual;`;
}

/** Sets `v`. */
function readValue(field: FieldPlan, nested: NestedName): string {
  switch (field.kind) {
    case 'text':
      return `${readLength()} const v = text(b, p, e); p = e;`;
    case 'bytes':
      return `${readLength()} const v = cut(b, p, e); p = e;`;
    case 'message':
      return `${readLength()} const v = ${nested(field)}.decode(b, p, e, depth + 1); p = e;`;
    case 'bool':
      return 'const v = b[p++] === 1; if (!v && b[p - 1] !== 0) throw unusual;';
    case 'int32':
      return `${readVarint('if (v > 4294967295) throw unusual; v |= 0;')}`;
    case 'uint32':
      return `${readVarint('if (v > 4294967295) throw unusual;')}`;
    case 'int64':
      return `${readVarint('')} v = bigintOf(v);`;
    case 'double':
      return 'if (p + 8 > end) throw unusual; const v = readDouble(b, p); p += 8;';
  }
}

function readVarint(whenLong: string): string {
  return `let v = b[p++]; if (v > 127) { v = longVarint(b, p, v); p = endOfVarint(b, p); ${whenLong} }`;
}

/** Sets where what is delimited ends. */
function readLength(name = 'e'): string {
  const length = `n_${name}`;
  const read = `let ${length} = b[p++]; if (${length} > 127) { ${length} = longVarint(b, p, ${length}); p = endOfVarint(b, p); }`;
  return `${read} const ${name} = p + ${length}; if (!(${name} <= end)) throw unusual;`;
}
