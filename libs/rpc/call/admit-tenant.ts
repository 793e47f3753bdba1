import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import type { Call } from './call.ts';

/**
 * Asks whether the call's tenant is there and may be changed, once it is known which one it is. A promise only where that
 * has to be looked up.
 *
 * @throws TENANT_NOT_FOUND, TENANT_ARCHIVED.
 */
export function admitTenant(call: Call): Promise<void> | undefined {
  if (call.isTenantAdmitted) {
    return undefined;
  }
  call.isTenantAdmitted = true;
  return askGate(call);
}

/** As `admitTenant`, each time that it is called. */
export function askGate({ binding, runtime, tenantId }: Call): Promise<void> | undefined {
  const { tenants } = runtime;
  if (tenants === undefined || !binding.isTenantScoped || binding.allowed === 'everyone') {
    return undefined;
  }
  const isRead = binding.method.idempotency === IdempotencyLevel.NO_SIDE_EFFECTS;
  return tenants.admit({ tenantId, path: binding.path, isRead }) ?? undefined;
}
