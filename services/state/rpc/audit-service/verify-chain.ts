import { create } from '@bufbuild/protobuf';
import {
  type VerifyChainRequest,
  type VerifyChainResponse,
  VerifyChainResponseSchema,
} from '#gen/millrace/state/v1/audit_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { AuditTable } from '#libs/store/tables/audit.ts';
import { hashInRow, isSame, maybeProblem } from '../access/audit-record.ts';
import type { StateContext } from '../context.ts';

const DEFAULT_MAX_ENTRIES = 100_000;
const READ_ROWS = 500;
const NO_HASH = new Uint8Array();

/**
 * AuditService.VerifyChain: computes the chain again from the bytes that are stored. An entry that was changed, taken out
 * or put in is named; that entries are missing at the end is seen by who knows the last number or its hash.
 */
export function createVerifyChain(context: StateContext): UnaryHandler<VerifyChainRequest, VerifyChainResponse> {
  return async ({ fromNumber, toNumber, expectedHash, maxEntries }, { tenantId, signal }) => {
    const { audit } = context.store.tables;
    const first = Math.max(1, Number(fromNumber));
    const limit = maxEntries || DEFAULT_MAX_ENTRIES;
    const newest = (await audit.last(tenantId))?.number ?? 0;
    const to = toNumber === undefined ? newest : Number(toNumber);
    let previousHash = await hashBefore(audit, tenantId, first);
    let checked = 0;
    let lastNumber = first - 1;
    const answer = (badNumber: number, problem: string): VerifyChainResponse =>
      create(VerifyChainResponseSchema, {
        valid: problem === '',
        checked: BigInt(checked),
        lastNumber: BigInt(lastNumber),
        lastHash: previousHash ?? NO_HASH,
        firstBadNumber: BigInt(badNumber),
        problem,
      });
    if (previousHash === undefined) return answer(first - 1, 'it is missing, so that the next one has no place');
    while (lastNumber < to && checked < limit) {
      signal.throwIfAborted();
      const wanted = Math.min(READ_ROWS, limit - checked, to - lastNumber);
      const rows = await audit.list(tenantId, lastNumber, wanted);
      if (rows.length === 0) return answer(lastNumber + 1, 'it is missing');
      for (const row of rows) {
        const isNext = row.number === lastNumber + 1;
        if (!isNext) return answer(lastNumber + 1, 'it is missing');
        const problem = maybeProblem(row, previousHash);
        if (problem !== undefined) return answer(row.number, problem);
        checked += 1;
        lastNumber = row.number;
        previousHash = hashInRow(row);
      }
    }
    const isAtEnd = lastNumber >= to;
    if (isAtEnd && expectedHash.length > 0 && !isSame(expectedHash, previousHash)) {
      return answer(lastNumber, 'its hash is not the one that was expected');
    }
    return answer(0, '');
  };
}

/** The hash that the first entry must carry. Undefined: the entry before it is missing. */
async function hashBefore(
  audit: Pick<AuditTable, 'list'>,
  tenantId: string,
  first: number,
): Promise<Uint8Array | undefined> {
  if (first === 1) return NO_HASH;
  const [before] = await audit.list(tenantId, first - 2, 1);
  return before?.number === first - 1 ? hashInRow(before) : undefined;
}
