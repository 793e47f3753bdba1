import type { DescService } from '@bufbuild/protobuf';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { HandlerFor, ServiceHandlers } from '#libs/rpc/handler.ts';
import { forwarded, type KeyOf } from './cluster/forwarded.ts';
import type { Forwarding } from './cluster/forwarding.ts';

/** The names of a service's methods. */
type MethodNames<S extends DescService> = keyof S['method'] & string;

/** Names the run of a request, by the method's local name; what is left out is served by any node. */
export type KeysOf<S extends DescService> = { readonly [K in MethodNames<S>]?: KeyOf<S['method'][K]> };

/**
 * The handlers of a service, those that `keys` names served by the node that owns the run. Without a forwarding, as in a
 * store of one partition, they stay as they are.
 */
export function forwardedHandlers<S extends DescService>(
  forwarding: Forwarding | undefined,
  service: S,
  keys: KeysOf<S>,
  handlers: ServiceHandlers<S>,
): ServiceHandlers<S> {
  if (forwarding === undefined) return handlers;
  const wrapped: Record<string, unknown> = { ...handlers };
  for (const name of Object.keys(keys) as MethodNames<S>[]) {
    const handler = handlers[name];
    const keyOf = keys[name];
    if (handler === undefined || keyOf === undefined) continue;
    wrapped[name] = forwarded(forwarding, service, name, keyOf, handler as HandlerFor<S['method'][typeof name]>);
  }
  return wrapped as ServiceHandlers<S>;
}

/** The run that a request names by its id. */
export function byRunId(
  { runId }: { readonly runId: string },
  { tenantId }: CallContext,
): { tenantId: string; runId: string } {
  return { tenantId, runId };
}

/** The run of the lease that a request names. */
export function byLease(
  { lease }: { readonly lease?: { readonly runId: string } | undefined },
  { tenantId }: CallContext,
): { tenantId: string; runId: string } | undefined {
  return lease === undefined ? undefined : { tenantId, runId: lease.runId };
}
