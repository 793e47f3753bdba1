import type { AttributeCondition, AttributeValue, ComparableValue } from '#libs/store/tables/attribute.ts';
import type { HeadRow } from '#libs/store/tables/heads.ts';
import { endOf, keyFromParts } from './row-id.ts';

/**
 * Terms are texts that a head is found by; one index holds them all. Each begins with the tenant and a letter for what it
 * is: status, workflow, workflow and version of an unfinished run, attribute. The value of an attribute comes last, behind
 * a letter for its type, and sorts as its values do.
 */
type TermKind = 's' | 'w' | 'u' | 'a';

/** The letters of types. Empty lists and what is not a number have nothing that a value is compared with. */
const TYPE_LETTERS = {
  boolean: 'b',
  double: 'd',
  empty: 'e',
  integer: 'i',
  keyword: 'k',
  keyword_list: 'l',
  not_a_number: 'n',
  time: 't',
} as const;

const SIGN = 1n << 63n;

/** The terms of a head. */
export function termsOf(row: HeadRow): string[] {
  const { tenantId, workflow, version, status, closeTime, attributes } = row;
  return [
    statusTerm(tenantId, status),
    workflowTerm(tenantId, workflow),
    ...(closeTime === undefined ? [unfinishedTerm(tenantId, workflow, version)] : []),
    ...Object.entries(attributes).flatMap(([name, value]) => attributeTerms(tenantId, name, value)),
  ];
}

/** The term of all heads of a status. */
export function statusTerm(tenantId: string, status: string): string {
  return termOf('s', tenantId, status);
}

/** The term of all heads of a workflow. */
export function workflowTerm(tenantId: string, workflow: string): string {
  return termOf('w', tenantId, workflow);
}

/** The term of all unfinished heads of a workflow's version. */
export function unfinishedTerm(tenantId: string, workflow: string, version: string): string {
  return termOf('u', tenantId, workflow, version);
}

/** What the terms of a head satisfy when its attributes satisfy a condition; undefined when none do. */
export function filterOfAttribute(tenantId: string, condition: AttributeCondition): object | undefined {
  const beginning = termOf('a', tenantId, condition.name);
  if ('equals' in condition) {
    const { equals } = condition;
    if (Number.isNaN(equals.value)) {
      return undefined;
    }
    const term = beginning + sortableValue(equals);
    return equals.type === 'keyword'
      ? { $in: [term, beginning + TYPE_LETTERS.keyword_list + equals.value] }
      : { $eq: term };
  }
  const { atLeast, below } = condition;
  const type = atLeast?.type ?? below?.type;
  if (type === undefined) {
    return { $elemMatch: { $gte: beginning, $lt: endOf(beginning) } };
  }
  const isComparable = [atLeast, below].every(
    (bound) => bound === undefined || (bound.type === type && !Number.isNaN(bound.value)),
  );
  return isComparable
    ? {
        $elemMatch: {
          $gte: beginning + (atLeast === undefined ? TYPE_LETTERS[type] : sortableValue(atLeast)),
          $lt: beginning + (below === undefined ? letterAfter(TYPE_LETTERS[type]) : sortableValue(below)),
        },
      }
    : undefined;
}

function termOf(kind: TermKind, tenantId: string, ...parts: readonly string[]): string {
  return keyFromParts(tenantId, kind, ...parts);
}

function attributeTerms(tenantId: string, name: string, value: AttributeValue): string[] {
  const beginning = termOf('a', tenantId, name);
  if (value.type === 'keyword_list') {
    return value.value.length === 0
      ? [beginning + TYPE_LETTERS.empty]
      : [...new Set(value.value)].map((keyword) => beginning + TYPE_LETTERS.keyword_list + keyword);
  }
  return [beginning + (Number.isNaN(value.value) ? TYPE_LETTERS.not_a_number : sortableValue(value))];
}

/** A letter and a text that sorts as the values of the type do. */
function sortableValue(value: ComparableValue): string {
  const letter = TYPE_LETTERS[value.type];
  switch (value.type) {
    case 'keyword':
      return letter + value.value;
    case 'boolean':
      return letter + Number(value.value);
    case 'integer':
      return letter + sortableInteger(value.value);
    case 'time':
    case 'double':
      return letter + sortableDouble(value.value);
  }
}

/** A bound may lie outside of what an attribute can be. */
function sortableInteger(integer: bigint): string {
  if (BigInt.asIntN(64, integer) === integer) {
    return sortableBits(integer + SIGN);
  }
  return integer < 0n ? '' : '~';
}

/** Positive numbers sort by their bits, once the sign is turned; negative ones by the opposite of theirs. */
function sortableDouble(number: number): string {
  const view = new DataView(new ArrayBuffer(8));
  // Both zeros are one.
  view.setFloat64(0, number === 0 ? 0 : number);
  const bits = view.getBigUint64(0);
  return sortableBits(bits & SIGN ? BigInt.asUintN(64, ~bits) : bits | SIGN);
}

function sortableBits(bits: bigint): string {
  return bits.toString(16).padStart(16, '0');
}

function letterAfter(letter: string): string {
  return String.fromCharCode(letter.charCodeAt(0) + 1);
}
