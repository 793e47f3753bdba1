import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Client, createClient } from '@connectrpc/connect';
import {
  DefinitionService,
  DefinitionView,
  type GetDefinitionResponse,
  type ListDefinitionsRequestSchema,
  type ListDefinitionsResponse,
  type PutDefinitionResponse,
} from '#gen/millrace/state/v1/definition_service_pb.ts';
import type { StoredDefinition } from '#gen/millrace/state/v1/stored_definition_pb.ts';
import type { Definition, DefinitionSchema } from '#gen/millrace/workflow/v1/definition_pb.ts';
import type { ServedEcho } from '#test/doors/serve-echo.ts';
import { type Door, newTenant, ROOT } from './serve-state.ts';

/** A definition to put. */
export type DefinitionInit = Exclude<MessageInitShape<typeof DefinitionSchema>, Definition>;

/** What a list is asked for. */
export type ListInit = Exclude<MessageInitShape<typeof ListDefinitionsRequestSchema>, { $typeName: string }>;

/** A function. */
export function functionOf(workflow: string, version: string, more: Partial<DefinitionInit> = {}): DefinitionInit {
  return {
    workflow,
    version,
    content: { case: 'function', value: { signals: [{ name: 'paid' }], sourceLocation: 'order.ts:1' } },
    ...more,
  };
}

/** A document of a foreign runtime. */
export function opaqueOf(workflow: string, version: string, json = '{"nodes":["a"]}'): DefinitionInit {
  return { workflow, version, content: { case: 'opaque', value: { value: { case: 'json', value: json } } } };
}

/** Which definitions these are. */
export function namesOf(definitions: readonly StoredDefinition[]): string[] {
  return definitions.map(({ definition }) => `${definition?.workflow} ${definition?.version}`);
}

/** A client at a door of a node. */
export function definitionClient({ transport }: Door, node: ServedEcho): Client<typeof DefinitionService> {
  return createClient(DefinitionService, transport(node.addresses));
}

/** What a put says besides the definition. */
export interface PutInit {
  readonly definitionHash?: string;
  readonly activate?: boolean;
  readonly requestId?: string;
}

/** The calls of one tenant. */
export interface DefinitionCalls {
  readonly tenantId: string;
  readonly put: (definition: DefinitionInit, more?: PutInit) => Promise<PutDefinitionResponse>;
  readonly get: (workflow: string, version?: string, view?: DefinitionView) => Promise<GetDefinitionResponse>;
  readonly list: (request?: ListInit) => Promise<ListDefinitionsResponse>;
}

/** The calls of a tenant, by default one that no other test has. */
export function definitionCalls(door: Door, node: ServedEcho, tenantId: string = newTenant()): DefinitionCalls {
  const client = definitionClient(door, node);
  return {
    tenantId,
    put: (definition, more = {}) => client.putDefinition({ tenantId, definition, ...more }, ROOT),
    get: (workflow, version = '', view = DefinitionView.UNSPECIFIED) =>
      client.getDefinition({ tenantId, workflow, version, view }, ROOT),
    list: (request = {}) => client.listDefinitions({ ...request, tenantId }, ROOT),
  };
}
