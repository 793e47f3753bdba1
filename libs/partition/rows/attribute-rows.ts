import type { AttributeValue as EngineValue } from '#libs/engine/model/attribute.ts';
import type { Attributes, AttributeValue } from '#libs/store/tables/attribute.ts';

/** The attributes of a run as its head row has them. */
export function attributeRows(attributes: ReadonlyMap<string, EngineValue>): Attributes {
  if (attributes.size === 0) return {};
  return Object.fromEntries(Array.from(attributes, ([name, value]) => [name, rowValue(value)]));
}

function rowValue(value: EngineValue): AttributeValue {
  switch (value.kind) {
    case 'keyword':
      return { type: 'keyword', value: value.value };
    case 'integer':
      return { type: 'integer', value: value.value };
    case 'double':
      return { type: 'double', value: value.value };
    case 'boolean':
      return { type: 'boolean', value: value.value };
    case 'time':
      return { type: 'time', value: value.value };
    case 'keywordList':
      return { type: 'keyword_list', value: value.value };
  }
}
