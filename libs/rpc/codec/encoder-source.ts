import { type NestedName, tagOf } from './decoder-source.ts';
import type { FieldPlan, MessagePlan } from './field-plan.ts';

/**
 * The text of a function that writes a message before a place of the scratch bytes and answers where it begins. Writing
 * from the end to the start, it knows the length of everything before it has to write it.
 */
export function encoderSource({ typeName, fields }: MessagePlan, marginBytes: number, nested: NestedName): string {
  const written: string[] = [];
  for (const group of groupsOf(fields.toReversed())) {
    const [first] = group;
    if (first === undefined) continue;
    if (first.oneof === undefined) {
      written.push(writeField(first, marginBytes, nested));
      continue;
    }
    const cases = group.map(
      (field) =>
        `case ${JSON.stringify(field.name)}: { const v = o.value; ${writeSingle(field, marginBytes, nested)} break; }`,
    );
    written.push(`{ const o = ${property(first.oneof)}; switch (o.case) { ${cases.join(' ')} } }`);
  }
  return `function encode(m, p) {
  const b = tools.scratch;
  if (p < ${marginBytes}) throw noRoom;
  if (m.$typeName !== ${JSON.stringify(typeName)} || m.$unknown !== undefined) throw unusual;
  ${written.join('\n  ')}
  return p;
}`;
}

/** Fields of one oneof that follow each other are written by one switch. */
function groupsOf(fields: readonly FieldPlan[]): FieldPlan[][] {
  const groups: FieldPlan[][] = [];
  for (const field of fields) {
    const last = groups.at(-1);
    if (field.oneof !== undefined && last?.[0]?.oneof === field.oneof) last.push(field);
    else groups.push([field]);
  }
  return groups;
}

function property(name: string): string {
  return `m[${JSON.stringify(name)}]`;
}

function writeField(field: FieldPlan, marginBytes: number, nested: NestedName): string {
  const value = property(field.name);
  switch (field.shape) {
    case 'list':
      return field.kind === 'text' || field.kind === 'message'
        ? `{ const l = ${value}; for (let i = l.length - 1; i >= 0; i--) { const v = l[i]; ${writeSingle(field, marginBytes, nested)} } }`
        : `{ const l = ${value}; if (l.length > 0) { const e = p; for (let i = l.length - 1; i >= 0; i--) { const v = l[i]; ${writeValue(field, marginBytes, nested)} if (p < ${marginBytes}) throw noRoom; } ${LENGTH} ${writeTag(tagOf(field))} } }`;
    case 'map':
      return `{ const r = ${value}, keys = Object.keys(r); for (let i = keys.length - 1; i >= 0; i--) { const k = keys[i], v = r[k], end = p; ${writeDelimited(field, marginBytes, nested)} b[--p] = 18; { const e = p; p = writeText(b, k, p); ${LENGTH} } b[--p] = 10; { const e = end; ${LENGTH} } ${writeTag(tagOf(field))} } }`;
    case 'single':
      return `{ const v = ${value}; if (${isSet(field)}) { ${writeSingle(field, marginBytes, nested)} } }`;
  }
}

/** Whether `v` is written at all. */
function isSet({ skipsZero, kind }: FieldPlan): string {
  if (!skipsZero) return 'v !== undefined';
  switch (kind) {
    case 'text':
      return "v !== ''";
    case 'bytes':
      return 'v.length !== 0';
    case 'bool':
      return 'v !== false';
    case 'int64':
      return 'v !== 0n';
    case 'double':
      return '!Object.is(v, 0)';
    default:
      return 'v !== 0';
  }
}

/** Writes `v` with its tag before it. */
function writeSingle(field: FieldPlan, marginBytes: number, nested: NestedName): string {
  return `${writeDelimited(field, marginBytes, nested)} ${writeTag(tagOf(field))}`;
}

/** Writes `v`, with its length before it where there is one. */
function writeDelimited(field: FieldPlan, marginBytes: number, nested: NestedName): string {
  const value = writeValue(field, marginBytes, nested);
  const isDelimited = field.kind === 'text' || field.kind === 'bytes' || field.kind === 'message';
  return isDelimited ? `{ const e = p; ${value} ${LENGTH} }` : value;
}

/** Writes `v` alone. */
function writeValue(field: FieldPlan, marginBytes: number, nested: NestedName): string {
  switch (field.kind) {
    case 'text':
      return "if (typeof v !== 'string') throw unusual; p = writeText(b, v, p);";
    case 'bytes':
      return 'if (!(v instanceof Uint8Array)) throw unusual; p = writeBytes(b, v, p);';
    case 'message':
      return `p = ${nested(field)}.encode(v, p); if (p < ${marginBytes}) throw noRoom;`;
    case 'bool':
      return "if (typeof v !== 'boolean') throw unusual; b[--p] = v ? 1 : 0;";
    case 'int32':
      return `if ((v | 0) !== v || v < 0) throw unusual; ${VARINT}`;
    case 'uint32':
      return `if (v >>> 0 !== v) throw unusual; ${VARINT}`;
    case 'int64':
      return `if (typeof v !== 'bigint' || v < 0n || v > 9007199254740991n) throw unusual; { const n = Number(v); ${NUMBER} }`;
    case 'double':
      return "if (typeof v !== 'number') throw unusual; p = writeDouble(b, v, p);";
  }
}

const NUMBER = 'if (n < 128) b[--p] = n; else p = writeVarint(b, n, p);';
const VARINT = 'if (v < 128) b[--p] = v; else p = writeVarint(b, v, p);';
/** The length of what stands before `e`. */
const LENGTH: string = `{ const n = e - p; ${NUMBER} }`;

function writeTag(tag: number): string {
  return tag < 128 ? `b[--p] = ${tag};` : `b[--p] = ${tag >>> 7}; b[--p] = ${(tag & 127) | 128};`;
}
