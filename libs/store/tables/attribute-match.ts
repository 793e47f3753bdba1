import type { AttributeCondition, Attributes, AttributeValue, ComparableValue } from './attribute.ts';
import { compareText } from './text-order.ts';

/** Whether a run's attributes satisfy a condition. Every store answers the same. */
export function matchesAttribute(condition: AttributeCondition, attributes: Attributes): boolean {
  const value = Object.hasOwn(attributes, condition.name) ? attributes[condition.name] : undefined;
  if (value === undefined) {
    return false;
  }
  if ('equals' in condition) {
    return equals(value, condition.equals);
  }
  const { atLeast, below } = condition;
  return (
    (atLeast === undefined || holds(compareValues(value, atLeast), (order) => order >= 0)) &&
    (below === undefined || holds(compareValues(value, below), (order) => order < 0))
  );
}

function equals(value: AttributeValue, wanted: ComparableValue): boolean {
  return value.type === 'keyword_list'
    ? wanted.type === 'keyword' && value.value.includes(wanted.value)
    : compareValues(value, wanted) === 0;
}

function holds(order: number | undefined, rule: (order: number) => boolean): boolean {
  return order !== undefined && rule(order);
}

/** Undefined where two values have no order: of different types, a list, or not a number. */
function compareValues(a: AttributeValue, b: ComparableValue): number | undefined {
  if (a.type === 'keyword' && b.type === 'keyword') {
    return compareText(a.value, b.value);
  }
  if (a.type === 'keyword_list' || a.type !== b.type) {
    return undefined;
  }
  return a.value < b.value ? -1 : a.value > b.value ? 1 : a.value === b.value ? 0 : undefined;
}
