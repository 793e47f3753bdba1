import { hash } from 'node:crypto';
import { itemPath } from '#libs/engine/model/client-path.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import { freeTenantOf } from '#libs/store/tables/free-tenant.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';

/** How a request names a work item. */
export interface ItemName {
  /** Empty: a free item. */
  readonly runId: string;
  readonly itemId: string;
}

/** Where a work item is kept: in its run, or in the hidden run that a free item has. */
export interface ItemPlace {
  readonly key: RunKey;
  readonly nodePath: string;
  readonly isFree: boolean;
}

/** Where a work item of a tenant is. */
export function itemPlaceOf(tenantId: string, { runId, itemId }: ItemName): ItemPlace {
  const isFree = runId === '';
  const key = isFree ? { tenantId: freeTenantOf(tenantId), runId: itemId } : { tenantId, runId };
  return { key, nodePath: itemPath(itemId), isFree };
}

/** The run of an item that a request names, by which it is forwarded. */
export function byItem(request: ItemName, { tenantId }: CallContext): RunKey {
  return itemPlaceOf(tenantId, request).key;
}

/** The id of an item whose request names none: the same for every repeat of it. */
export function itemIdFromRequest(tenantId: string, requestId: string): string {
  // Neither part has a line break.
  return `item-${hash('sha256', `${tenantId}\n${requestId}`).slice(0, 32)}`;
}
