import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { DefinitionView } from '#gen/millrace/state/v1/definition_service_pb.ts';
import {
  DefinitionState,
  type StoredDefinition,
  StoredDefinitionSchema,
} from '#gen/millrace/state/v1/stored_definition_pb.ts';
import { type Definition, DefinitionSchema } from '#gen/millrace/workflow/v1/definition_pb.ts';
import { ALL_SLOTS } from '#libs/store/slots.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { ActivationHistory } from './activations.ts';
import type { DefinitionRecord } from './definition-row.ts';

/** A definition with what is only known when it is asked for. */
export interface DefinitionUse {
  readonly record: DefinitionRecord;
  readonly history: ActivationHistory;
  readonly unfinishedRuns: number;
}

/** Looks up how much a definition is used. */
export async function readUse(
  tables: StateTables,
  record: DefinitionRecord,
  history: ActivationHistory,
): Promise<DefinitionUse> {
  const { tenantId, workflow, version } = record;
  return { record, history, unfinishedRuns: await tables.countUnfinished(tenantId, workflow, version, ALL_SLOTS) };
}

/** Whether a definition is its workflow's active one. */
export function isActive({ record, history }: DefinitionUse): boolean {
  return history.activeVersion === record.version;
}

/** A definition as callers see it. */
export function storedFromUse(use: DefinitionUse, view: DefinitionView): StoredDefinition {
  const { record, history, unfinishedRuns } = use;
  const { definition, hash, packageName, packageDigest, createTime, retireTime, isRetired, version } = record;
  const activateTime = history.lastTimes.get(version);
  return create(StoredDefinitionSchema, {
    definition: view === DefinitionView.FULL ? definition : withoutContent(definition),
    definitionHash: hash,
    state: isRetired ? DefinitionState.RETIRED : DefinitionState.AVAILABLE,
    active: isActive(use),
    package: packageName,
    packageDigest,
    unfinishedRuns: BigInt(unfinishedRuns),
    createTime: timestampFromMs(createTime),
    ...(activateTime === undefined ? {} : { activateTime: timestampFromMs(activateTime) }),
    ...(retireTime === undefined ? {} : { retireTime: timestampFromMs(retireTime) }),
  });
}

/** All of a definition but its content and its schemas. */
function withoutContent(definition: Definition): Definition {
  const { workflow, version, description, settings, runTimeout, cleanupTimeout, retention } = definition;
  return create(DefinitionSchema, {
    workflow,
    version,
    description,
    ...(settings === undefined ? {} : { settings }),
    ...(runTimeout === undefined ? {} : { runTimeout }),
    ...(cleanupTimeout === undefined ? {} : { cleanupTimeout }),
    ...(retention === undefined ? {} : { retention }),
  });
}
