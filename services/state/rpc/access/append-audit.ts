import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '#libs/errors/domain-error.ts';
import { maybePeerAddress } from '#libs/rpc/call/call-header.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { AuditTable } from '#libs/store/tables/audit.ts';
import type { KeyLocks } from '../payloads/key-locks.ts';
import { roleToProto } from '../wire/role.ts';
import { type AuditContent, chainedRow, hashInRow } from './audit-record.ts';

/** What is written to a tenant's audit log. */
export interface AuditNote {
  /** The RPC's name, for example `millrace.state.v1.TokenService/CreateToken`. */
  readonly action: string;
  /** For example `token`, `tenant`, `dead_letter`. */
  readonly targetKind: string;
  readonly targetId: string;
  /** Never a secret or a payload. Default: nothing. */
  readonly details?: Readonly<Record<string, string>>;
  /** The call's own request id, where it has one. */
  readonly requestId?: string;
}

/** What appending needs of the world. */
export interface AuditContext {
  readonly store: { readonly tables: { readonly audit: Pick<AuditTable, 'last' | 'insert'> } };
  readonly nowMs: () => number;
  readonly access: { readonly auditLocks: KeyLocks };
}

/** Who did it: the call, or the server itself. */
export type AuditActor = Pick<CallContext, 'principal'> | 'server';

/** Numbers that others may take before one is given up. */
const MAX_ATTEMPTS = 40;
const MAX_PAUSE_MS = 50;
const NO_HASH = new Uint8Array();

/**
 * Adds an entry to a tenant's chain, behind whatever others add meanwhile. Write it before the change that it tells of:
 * then nothing is changed unseen, and an entry whose change failed is the worst that is left.
 *
 * @throws UNAVAILABLE when too many others write at once, and what the table throws.
 */
export async function appendAudit(
  { store, nowMs, access }: AuditContext,
  actor: AuditActor,
  tenantId: string,
  note: AuditNote,
): Promise<void> {
  const { audit } = store.tables;
  const content = contentOf(actor, note);
  const release = await access.auditLocks(tenantId);
  try {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const last = await audit.last(tenantId);
      const number = (last?.number ?? 0) + 1;
      const previousHash = last === undefined ? NO_HASH : hashInRow(last);
      // Times never go back in a chain, whatever the clocks of two nodes say.
      const time = Math.max(nowMs(), last?.time ?? 0);
      if (await audit.insert(chainedRow(tenantId, number, time, previousHash, content))) return;
      await sleep(Math.random() * Math.min(MAX_PAUSE_MS, attempt * 2));
    }
  } finally {
    release();
  }
  throw new DomainError('UNAVAILABLE', 'the audit log has too many writers at this moment', { retryAfterMs: 500 });
}

function contentOf(actor: AuditActor, { action, targetKind, targetId, details, requestId }: AuditNote): AuditContent {
  const target = { action, targetKind, targetId, details: { ...details }, requestId: requestId ?? '' };
  if (actor === 'server') return { tokenId: '', tokenName: '', role: 0, peer: '', ...target };
  const { tokenId, name, role } = actor.principal;
  return { tokenId, tokenName: name, role: roleToProto(role), peer: maybePeerAddress(actor) ?? '', ...target };
}
