import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type Definition, DefinitionSchema } from '#gen/millrace/workflow/v1/definition_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { DefinitionKey, DefinitionRow } from '#libs/store/tables/definitions.ts';
import type { Unversioned } from '#libs/store/tables/versioned.ts';
import { packRow, parseRow } from './packed-row.ts';

/** What the body of a definition's row says beside the definition. */
export interface DefinitionNotes {
  /** Name of the package that it came with; empty for none. */
  readonly packageName: string;
  /** Id of the request that stored it, which may come again. */
  readonly requestId: string;
  /** Whether that request also activated it. */
  readonly isActivated: boolean;
  /** When it was retired. Absent: it is not. */
  readonly retireTime: number | undefined;
}

/** A definition's row with its body unpacked. */
export interface DefinitionRecord extends Omit<DefinitionRow, 'body' | 'revision'>, DefinitionNotes {
  readonly definition: Definition;
}

/** The row of a definition. */
export function rowFromRecord(record: DefinitionRecord): Unversioned<DefinitionRow> {
  const { definition, packageName, requestId, isActivated, retireTime, ...row } = record;
  const body = packRow({ packageName, requestId, isActivated, retireTime }, toBinary(DefinitionSchema, definition));
  return { ...row, body };
}

/**
 * Reads what `rowFromRecord` made.
 *
 * @throws DATA_CORRUPTION for a body that is damaged or of another release's format.
 */
export function recordFromRow(row: DefinitionRow): DefinitionRecord {
  const { tenantId, workflow, version, hash, packageDigest, isRetired, createTime, body } = row;
  const { fields, bytes } = parseRow(`definition ${workflow} ${version}`, body);
  return {
    tenantId,
    workflow,
    version,
    hash,
    packageDigest,
    isRetired,
    createTime,
    packageName: String(fields['packageName'] ?? ''),
    requestId: String(fields['requestId'] ?? ''),
    isActivated: fields['isActivated'] === true,
    retireTime: typeof fields['retireTime'] === 'number' ? fields['retireTime'] : undefined,
    definition: fromBinary(DefinitionSchema, bytes),
  };
}

/** The error for a definition that is not stored; without a version, for a workflow that has no active one. */
export function definitionNotFound({ workflow, version }: Omit<DefinitionKey, 'tenantId'>): DomainError {
  return version === ''
    ? new DomainError('DEFINITION_NOT_FOUND', 'no version of the workflow is active', { metadata: { workflow } })
    : new DomainError('DEFINITION_NOT_FOUND', 'no such version of the workflow is stored', {
        metadata: { workflow, version },
      });
}
