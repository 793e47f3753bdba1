import type { Definition } from '#gen/millrace/workflow/v1/definition_pb.ts';
import { contentDigest, definitionHash } from '#libs/definition/definition-hash.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { DefinitionTable } from '#libs/store/tables/definitions.ts';
import { REQUEST_ID_MS } from '../runs/request-ids.ts';
import { definitionFromProto } from './definition-from-proto.ts';
import { type DefinitionRecord, recordFromRow, rowFromRecord } from './definition-row.ts';

/** A row that is taken and then gone was deleted in between, which cannot go on for ever. */
const MAX_ATTEMPTS = 3;

/** A definition to store. */
export interface DefinitionPut {
  readonly tenantId: string;
  readonly definition: Definition;
  /** What the caller says that its hash is; empty: whatever the server computes. */
  readonly statedHash: string;
  readonly requestId: string;
  readonly isActivated: boolean;
  readonly nowMs: number;
}

/** What is stored now, and whether this request did it. */
export interface StoredPut {
  readonly record: DefinitionRecord;
  readonly isCreated: boolean;
}

/**
 * Stores a definition that was checked, once: whoever comes second, here or on another node, reads what the first one
 * wrote and gets the same answer for the same content.
 *
 * @throws NOT_BUILT, DEFINITION_EXISTS, DEFINITION_MISMATCH, REQUEST_ID_REUSED, UNAVAILABLE.
 */
export async function storeDefinition(definitions: DefinitionTable, put: DefinitionPut): Promise<StoredPut> {
  const parsed = definitionFromProto(put.definition);
  const computed = definitionHash(parsed);
  if (parsed.content.kind !== 'opaque' && put.statedHash !== '') {
    assertHash(put, computed);
  }
  const { tenantId, definition, requestId, isActivated, nowMs } = put;
  const { workflow, version } = definition;
  const record: DefinitionRecord = {
    tenantId,
    workflow,
    version,
    hash: put.statedHash || computed,
    packageDigest: '',
    isRetired: false,
    createTime: nowMs,
    packageName: '',
    requestId,
    isActivated,
    retireTime: undefined,
    definition,
  };
  const row = rowFromRecord(record);
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    if (await definitions.insert(row)) {
      return { record, isCreated: true };
    }
    const stored = await definitions.read({ tenantId, workflow, version });
    if (stored !== undefined) {
      return answerStored(recordFromRow(stored), contentDigest(parsed), put);
    }
  }
  throw new DomainError('UNAVAILABLE', 'the definition comes and goes', { retryAfterMs: 1_000 });
}

function answerStored(record: DefinitionRecord, content: string, put: DefinitionPut): StoredPut {
  const isSame = contentDigest(definitionFromProto(record.definition)) === content;
  const { requestId, isActivated, nowMs } = put;
  const isRepeat = requestId !== '' && requestId === record.requestId && nowMs - record.createTime < REQUEST_ID_MS;
  if (isRepeat && (!isSame || isActivated !== record.isActivated)) {
    throw new DomainError('REQUEST_ID_REUSED', 'request_id was used for another request', {
      metadata: { request_id: requestId },
    });
  }
  if (!isSame) {
    const { workflow, version } = record;
    throw new DomainError('DEFINITION_EXISTS', 'the version is stored with other content', {
      metadata: { workflow, version, definition_hash: record.hash },
    });
  }
  if (put.statedHash !== '') {
    assertHash(put, record.hash);
  }
  return { record, isCreated: isRepeat };
}

function assertHash({ statedHash }: DefinitionPut, found: string): void {
  if (statedHash !== found) {
    throw new DomainError('DEFINITION_MISMATCH', 'definition_hash is not the hash of the content', {
      metadata: { expected: statedHash, found },
    });
  }
}
