import { create } from '@bufbuild/protobuf';
import {
  DefinitionView,
  type PutDefinitionRequest,
  type PutDefinitionResponse,
  PutDefinitionResponseSchema,
} from '#gen/millrace/state/v1/definition_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { assertDefinitionRoom } from '../access/tenant-limits.ts';
import type { StateContext } from '../context.ts';
import { activateUnpackaged, readActivationHistory } from '../definitions/activations.ts';
import { assertDefinition } from '../definitions/check-definition.ts';
import { storeDefinition } from '../definitions/store-definition.ts';
import { readUse, storedFromUse } from '../definitions/stored-definition.ts';

/**
 * DefinitionService.PutDefinition: stores a version of a workflow, once, and makes it the active one where that is asked
 * for. A repeat finishes what a crash between the two left open.
 */
export function createPutDefinition(context: StateContext): UnaryHandler<PutDefinitionRequest, PutDefinitionResponse> {
  return async ({ definition, definitionHash, activate, requestId }, { tenantId }) => {
    if (definition === undefined) {
      throw new DomainError('MALFORMED', 'the definition is missing');
    }
    assertDefinition(definition);
    await assertDefinitionRoom(context, { tenantId, workflow: definition.workflow, version: definition.version });
    const { tables } = context.store;
    const { record, isCreated } = await storeDefinition(tables.definitions, {
      tenantId,
      definition,
      statedHash: definitionHash,
      requestId,
      isActivated: activate,
      nowMs: context.nowMs(),
    });
    const { workflow, version } = record;
    if (activate) {
      if (record.isRetired) {
        throw new DomainError('DEFINITION_RETIRED', 'the version is retired', { metadata: { workflow, version } });
      }
      await activateUnpackaged(tables.activations, record, context.nowMs());
    }
    const history = await readActivationHistory(tables.activations, tenantId, workflow);
    const use = await readUse(tables, record, history);
    return create(PutDefinitionResponseSchema, {
      definition: storedFromUse(use, DefinitionView.BASIC),
      created: isCreated,
    });
  };
}
