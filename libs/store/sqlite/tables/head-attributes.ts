import type { SQLInputValue } from 'node:sqlite';
import type { AttributeCondition, AttributeValue, ComparableValue } from '#libs/store/tables/attribute.ts';
import { decodeAttributes } from '#libs/store/tables/attribute-codec.ts';
import type { FoundHead } from './head-stream.ts';
import type { TablesFile, Values } from './tables-file.ts';

/** How types are stored: rows of two types are never compared. */
const TYPES: Readonly<Record<AttributeValue['type'], number>> = {
  keyword: 1,
  integer: 2,
  double: 3,
  boolean: 4,
  time: 5,
  keyword_list: 6,
};

/** A head as far as the index of its attributes knows it. */
export interface IndexedHead {
  readonly id: number;
  readonly tenantId: string;
  readonly startOrder: number;
  readonly runId: string;
  /** Packed. */
  readonly attributes: string;
}

/** The index of attributes: one row a value. */
export interface HeadAttributes {
  /** Brings the index from what a head was to what it is. */
  replace(old: IndexedHead | undefined, head: IndexedHead | undefined): void;
  /** How many values satisfy a condition, counted up to a limit. */
  count(tenantId: string, condition: AttributeCondition, limit: number): number;
  /** Heads whose values lie within the bounds of a condition, in no order. */
  find(tenantId: string, condition: AttributeCondition): readonly FoundHead[];
}

/** Type and value of what a condition's `equals` is compared with: a keyword's are two, of itself and of lists. */
export function equalsOf(equals: ComparableValue): readonly (readonly [type: number, value: SQLInputValue])[] {
  const value = sqlValue(equals.value);
  return equals.type === 'keyword'
    ? [
        [TYPES.keyword, value],
        [TYPES.keyword_list, value],
      ]
    : [[TYPES[equals.type], value]];
}

/** Makes the index of attributes. */
export function createHeadAttributes(file: TablesFile): HeadAttributes {
  const insert = file.prepare(`
    INSERT INTO head_attributes (tenant_id, name, type, value, start_order, run_id, head_id)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`);
  const remove = file.prepare(`
    DELETE FROM head_attributes
    WHERE tenant_id = ? AND name = ? AND type = ? AND value = ? AND start_order = ? AND run_id = ?`);

  return {
    replace(old, head) {
      if (old?.attributes === head?.attributes && old?.startOrder === head?.startOrder) {
        return;
      }
      if (old !== undefined) {
        for (const [name, type, value] of valuesOf(old)) {
          remove.run(old.tenantId, name, type, value, old.startOrder, old.runId);
        }
      }
      if (head !== undefined) {
        for (const [name, type, value] of valuesOf(head)) {
          insert.run(head.tenantId, name, type, value, head.startOrder, head.runId, head.id);
        }
      }
    },
    count: (tenantId, condition, limit) =>
      rangesOf(tenantId, condition).reduce((sum, { from, values }) => {
        const counted = file.prepare(`SELECT count(*) AS count FROM (SELECT 1 ${from} LIMIT ?)`).get(...values, limit);
        return sum + Number(counted?.['count']);
      }, 0),
    find: (tenantId, condition) =>
      rangesOf(tenantId, condition).flatMap(
        ({ from, values }) =>
          file
            .prepare(`SELECT head_id AS id, start_order AS startOrder, run_id AS runId ${from}`)
            .all(...values) as unknown as FoundHead[],
      ),
  };
}

/** A range of the index. */
interface ValueRange {
  readonly from: string;
  readonly values: Values;
}

/** Where the index has the values that satisfy a condition, those of bounds of two types apart: there are none. */
function rangesOf(tenantId: string, condition: AttributeCondition): readonly ValueRange[] {
  const { name } = condition;
  if ('equals' in condition) {
    return equalsOf(condition.equals).map(([type, value]) => ({
      from: 'FROM head_attributes WHERE tenant_id = ? AND name = ? AND type = ? AND value = ?',
      values: [tenantId, name, type, value],
    }));
  }
  const { atLeast, below } = condition;
  const bound = atLeast ?? below;
  if (bound === undefined) {
    return [{ from: 'FROM head_attributes WHERE tenant_id = ? AND name = ?', values: [tenantId, name] }];
  }
  const lower = atLeast === undefined ? '' : ' AND value >= ?';
  const upper = below === undefined ? '' : ' AND value < ?';
  return [
    {
      from: `FROM head_attributes WHERE tenant_id = ? AND name = ? AND type = ?${lower}${upper}`,
      values: [
        tenantId,
        name,
        TYPES[bound.type],
        ...[atLeast, below].flatMap((limit) => (limit === undefined ? [] : [sqlValue(limit.value)])),
      ],
    },
  ];
}

function valuesOf(head: IndexedHead): readonly (readonly [name: string, type: number, value: SQLInputValue])[] {
  return Object.entries(decodeAttributes(head.attributes)).flatMap(([name, { type, value }]) =>
    (type === 'keyword_list' ? value : [value])
      // What is not a number is equal to nothing and within no bounds.
      .filter((single) => !Number.isNaN(single))
      .map((single) => [name, TYPES[type], sqlValue(single)] as const),
  );
}

function sqlValue(value: ComparableValue['value']): SQLInputValue {
  return typeof value === 'boolean' ? Number(value) : value;
}
