import type { AnnouncedDefinition } from '#gen/millrace/state/v1/worker_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { assertDefinitionRoom } from '../access/tenant-limits.ts';
import type { StateContext } from '../context.ts';
import { activateUnpackaged } from '../definitions/activations.ts';
import { assertDefinition } from '../definitions/check-definition.ts';
import { storeDefinition } from '../definitions/store-definition.ts';

/**
 * Stores what a worker announces with its content and the service does not know, and makes it active unless a package
 * decides which version is.
 *
 * @throws DEFINITION_EXISTS for other content under a version, DEFINITION_MISMATCH for another hash.
 */
export async function storeAnnounced(
  context: StateContext,
  tenantId: string,
  announced: readonly AnnouncedDefinition[],
): Promise<void> {
  const { definitions, activations } = context.store.tables;
  for (const { workflow, version, definition, definitionHash } of announced) {
    if (definition === undefined) continue;
    if (definition.workflow !== workflow || definition.version !== version) {
      const description = `must be of ${workflow} ${version}, as the announcement says`;
      throw new DomainError('INVALID_FIELDS', `definitions.definition ${description}`, {
        violations: [{ field: 'definitions.definition', description }],
      });
    }
    assertDefinition(definition);
    await assertDefinitionRoom(context, { tenantId, workflow, version });
    const { record, isCreated } = await storeDefinition(definitions, {
      tenantId,
      definition,
      statedHash: definitionHash,
      requestId: '',
      isActivated: true,
      nowMs: context.nowMs(),
    });
    // One that was there is active, or somebody made another one so.
    if (isCreated) await activateUnpackaged(activations, record, context.nowMs());
    context.definitions.forget(tenantId, workflow);
  }
}
