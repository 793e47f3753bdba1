import type { ItemKey } from './items.ts';
import type { Page, PageRequest } from './page.ts';

/** An item that nobody tries any more. */
export interface DeadLetterRow extends ItemKey {
  /** Unique in its tenant. */
  readonly deadLetterId: string;
  readonly queue: string;
  readonly deadTime: number;
  readonly body: Uint8Array;
}

/** Names a dead letter; run id and item id are what its slot comes from. */
export type DeadLetterKey = Pick<DeadLetterRow, 'tenantId' | 'runId' | 'incarnation' | 'itemId' | 'deadLetterId'>;

/** Dead letters. */
export interface DeadLetterTable {
  readDeadLetter(tenantId: string, deadLetterId: string): Promise<DeadLetterRow | undefined>;
  /** Newest first, then by id. */
  listDeadLetters(
    tenantId: string,
    filter: { readonly queue?: string; readonly runId?: string },
    page: PageRequest,
  ): Promise<Page<DeadLetterRow>>;
}
