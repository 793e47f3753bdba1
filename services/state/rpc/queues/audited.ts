import type { CallContext } from '#libs/rpc/call-context.ts';
import { appendAudit } from '../access/append-audit.ts';
import type { StateContext } from '../context.ts';

/** What an operator did to a queue, for the audit log. */
export interface QueueAct {
  /** The RPC's name. */
  readonly rpc: 'MoveToDeadLetter' | 'RequeueDeadLetter' | 'PurgeDeadLetters' | 'ForceRelease';
  readonly targetKind: 'work_item' | 'task' | 'dead_letter';
  readonly targetId: string;
  /** More of it; never a payload. */
  readonly details: Readonly<Record<string, string>>;
  readonly requestId: string;
}

const SERVICE = 'millrace.state.v1.QueueService';

/** Tells the audit log what was done to a queue. */
export async function audited(context: StateContext, call: CallContext, act: QueueAct): Promise<void> {
  const { rpc, ...note } = act;
  await appendAudit(context, call, call.tenantId, { action: `${SERVICE}/${rpc}`, ...note });
}
