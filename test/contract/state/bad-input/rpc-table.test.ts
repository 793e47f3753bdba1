import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { violationsOf } from '#libs/rpc/validation/validate.ts';
import { createStateBindings } from '#services/state/bindings.ts';
import { badCases } from './derive-cases.ts';
import { rulesOf, type ValueRules } from './field-rules.ts';
import { RPCS } from './rpc-table.ts';
import { smallestMessage } from './smallest-message.ts';

test('every RPC of the state service has an entry', () => {
  const served = createStateBindings().flatMap(({ service, methods }) =>
    methods.map(({ method }) => `${service.name}/${method.name}`),
  );
  const named = RPCS.map(({ name }) => name).filter((name) => !name.startsWith('SystemService/'));
  expect(named.toSorted()).toEqual(served.toSorted());
});

test.each(RPCS.map(({ name, method }) => [name, method] as const))(
  'the least request of %s breaks no rule, so that what is derived from it breaks one',
  (_name, { input }) => {
    const least = smallestMessage(input);
    expect(violationsOf(input, least)).toEqual([]);
    for (const { path, flaw, request } of badCases(input, least)) {
      const fields = [...new Set(violationsOf(input, request).map(({ field }) => field))];
      expect([path, flaw, fields]).toEqual([path, flaw, [path]]);
    }
  },
);

test('everything in a request that may grow has a limit', () => {
  const seen = new Set<DescMessage>();
  const boundless: string[] = [];
  const visit = (desc: DescMessage): void => {
    if (seen.has(desc) || desc.typeName.startsWith('google.protobuf.')) return;
    seen.add(desc);
    for (const field of desc.fields) {
      if (!isBounded(field)) boundless.push(`${desc.typeName}.${field.name}`);
      if (field.message !== undefined) visit(field.message);
    }
  };
  for (const { method } of RPCS) visit(method.input);
  expect(boundless).toEqual([]);
});

function isBounded(field: DescField): boolean {
  const { value, keys, items } = rulesOf(field);
  const isValueBounded = (field.scalar !== ScalarType.STRING && field.scalar !== ScalarType.BYTES) || isLimited(value);
  switch (field.fieldKind) {
    case 'list':
      return items.max > 0 && isValueBounded;
    case 'map':
      return items.max > 0 && isLimited(keys) && isValueBounded;
    default:
      return isValueBounded;
  }
}

function isLimited({ maxBytes, maxLen, len, pattern }: ValueRules): boolean {
  return maxBytes > 0 || maxLen > 0 || len !== undefined || pattern !== undefined;
}
