import { create } from '@bufbuild/protobuf';
import {
  type GetDefinitionRequest,
  type GetDefinitionResponse,
  GetDefinitionResponseSchema,
} from '#gen/millrace/state/v1/definition_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { readActivationHistory, readActiveVersion } from '../definitions/activations.ts';
import { definitionNotFound, recordFromRow } from '../definitions/definition-row.ts';
import { readUse, storedFromUse } from '../definitions/stored-definition.ts';

/** DefinitionService.GetDefinition: answers one version of a workflow, the active one where none is named. */
export function createGetDefinition(context: StateContext): UnaryHandler<GetDefinitionRequest, GetDefinitionResponse> {
  return async ({ workflow, version, view }, { tenantId }) => {
    const { tables } = context.store;
    const wanted = version || ((await readActiveVersion(tables.activations, tenantId, workflow)) ?? '');
    const row = wanted === '' ? undefined : await tables.definitions.read({ tenantId, workflow, version: wanted });
    if (row === undefined) {
      throw definitionNotFound({ workflow, version });
    }
    const history = await readActivationHistory(tables.activations, tenantId, workflow);
    const use = await readUse(tables, recordFromRow(row), history);
    return create(GetDefinitionResponseSchema, { definition: storedFromUse(use, view) });
  };
}
