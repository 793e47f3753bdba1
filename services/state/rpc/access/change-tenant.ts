import { clone, type DescMessage, type Message } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import { type Tenant, TenantSchema, TenantStatus } from '#gen/millrace/state/v1/tenant_pb.ts';
import type { FieldViolation } from '#libs/errors/domain-error.ts';
import { invalidFields } from '../wire/invalid-field.ts';

/** The fields that may be changed; those below the last two also one by one. */
const CHANGEABLE = new Set(['name', 'status', 'policy', 'limits']);
const NESTED = new Set(['policy', 'limits']);

/**
 * A tenant with the fields of a mask taken from `values`; what is absent there is absent afterwards.
 *
 * @throws INVALID_FIELDS naming each path that is unknown or fixed.
 */
export function changedTenant(tenant: Tenant, values: Tenant, paths: readonly string[]): Tenant {
  const violations: FieldViolation[] = [];
  const changed = clone(TenantSchema, tenant);
  for (const [index, path] of paths.entries()) {
    const [first = '', second, third] = path.split('.');
    const isKnown = CHANGEABLE.has(first) && (second === undefined || (NESTED.has(first) && third === undefined));
    if (!isKnown || !copyField(TenantSchema, changed, values, first, second)) {
      violations.push({ field: `update_mask.paths[${index}]`, description: `${path} cannot be changed` });
    }
  }
  if (paths.length === 0) violations.push({ field: 'update_mask', description: 'must name at least one field' });
  if (changed.status === TenantStatus.UNSPECIFIED) {
    violations.push({ field: 'tenant.status', description: 'must be ACTIVE, SUSPENDED or ARCHIVED' });
  }
  if (violations.length > 0) throw invalidFields(violations);
  return changed.name === '' ? { ...changed, name: changed.tenantId } : changed;
}

/** Copies a field, or one below it. False: there is no such field. */
function copyField(schema: DescMessage, to: Message, from: Message, name: string, below: string | undefined): boolean {
  const field = schema.fields.find((one) => one.name === name);
  if (field === undefined) return false;
  const target = to as unknown as Record<string, unknown>;
  const source = from as unknown as Record<string, unknown>;
  if (below === undefined || field.fieldKind !== 'message') {
    if (below !== undefined) return false;
    if (source[field.localName] === undefined) delete target[field.localName];
    else target[field.localName] = source[field.localName];
    return true;
  }
  const empty = reflect(field.message).message;
  target[field.localName] ??= empty;
  const inner = (source[field.localName] ?? reflect(field.message).message) as Message;
  return copyField(field.message, target[field.localName] as Message, inner, below, undefined);
}
