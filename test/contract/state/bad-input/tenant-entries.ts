import { Role } from '#gen/millrace/common/v1/options_pb.ts';
import type { SystemService } from '#gen/millrace/common/v1/system_service_pb.ts';
import type { AuditService } from '#gen/millrace/state/v1/audit_service_pb.ts';
import type { ClusterService } from '#gen/millrace/state/v1/cluster_service_pb.ts';
import type { DefinitionService } from '#gen/millrace/state/v1/definition_service_pb.ts';
import type { PayloadService } from '#gen/millrace/state/v1/payload_service_pb.ts';
import type { TenantService } from '#gen/millrace/state/v1/tenant_service_pb.ts';
import type { TokenService } from '#gen/millrace/state/v1/token_service_pb.ts';
import { functionOf, opaqueOf } from '../definition-calls.ts';
import { BAD_PAGE, type Entries, NO_INCARNATION, NO_RUN, refused } from './entry.ts';

/** The RPCs about definitions. */
export const DEFINITION_ENTRIES: Entries<typeof DefinitionService> = {
  putDefinition: {
    runs: 'NONE',
    request: () => ({ definition: opaqueOf('fresh', '1') }),
    refusals: () => [
      refused(
        'other content under the version',
        { definition: opaqueOf('flow', '1', '{"other":1}') },
        'DEFINITION_EXISTS',
      ),
      refused(
        'a hash that the content has not',
        { definition: functionOf('fresh', '1'), definitionHash: 'other' },
        'DEFINITION_MISMATCH',
      ),
    ],
  },
  getDefinition: {
    runs: 'NONE',
    request: () => ({ workflow: 'flow', version: '1' }),
    refusals: () => [
      refused('a workflow that is not stored', { workflow: 'none' }, 'DEFINITION_NOT_FOUND'),
      refused('a version that is not stored', { version: 'none' }, 'DEFINITION_NOT_FOUND'),
    ],
  },
  listDefinitions: { runs: 'NONE', request: () => ({ pageSize: 10 }), refusals: () => BAD_PAGE },
  activateDefinitions: {
    runs: 'NONE',
    request: () => ({ workflows: [{ workflow: 'flow', version: '1' }] }),
    refusals: () => [
      refused(
        'a version that is not stored',
        { workflows: [{ workflow: 'flow', version: 'none' }] },
        'DEFINITION_NOT_FOUND',
      ),
      refused(
        'another hash',
        { workflows: [{ workflow: 'flow', version: '1', definitionHash: 'other' }] },
        'DEFINITION_MISMATCH',
      ),
    ],
  },
  retireDefinitions: {
    runs: 'NONE',
    request: () => ({ workflows: [{ workflow: 'flow', version: '1' }] }),
    refusals: () => [
      refused(
        'a version that is not stored',
        { workflows: [{ workflow: 'flow', version: 'none' }] },
        'DEFINITION_NOT_FOUND',
      ),
    ],
  },
};

/** The RPCs about large payloads. */
export const PAYLOAD_ENTRIES: Entries<typeof PayloadService> = {
  uploadPayload: {
    runs: 'NONE',
    request: () => ({ uploadId: 'fresh', chunk: Uint8Array.of(1) }),
    refusals: () => [
      refused('bytes of another hash', { sha256: new Uint8Array(32) }, 'INVALID_FIELDS'),
      refused('another number of bytes', { size: 2n }, 'INVALID_FIELDS'),
      refused('other bytes under a known id', { uploadId: 'up' }, 'REQUEST_ID_REUSED'),
    ],
  },
  downloadPayload: {
    runs: 'BOTH',
    request: ({ upload }) => ({ ref: upload }),
    refusals: ({ upload, client }) => [
      refused('an upload that is not there', { ref: { ...upload, uploadId: 'none' } }, 'PAYLOAD_NOT_FOUND'),
      refused('a payload that the run has not', { runId: client.runId }, 'PAYLOAD_NOT_FOUND'),
      refused('a run that nobody started', NO_RUN, 'RUN_NOT_FOUND'),
      refused('an incarnation that no run has', { runId: client.runId, incarnation: NO_INCARNATION }, 'RUN_NOT_FOUND'),
    ],
  },
};

/** The RPCs about the nodes of the service. */
export const CLUSTER_ENTRIES: Entries<typeof ClusterService> = {
  listMembers: { runs: 'NONE', request: () => ({ pageSize: 10 }), refusals: () => BAD_PAGE },
  deliverMessages: {
    runs: 'NONE',
    request: () => ({ targetPartition: 1023, messages: [{ number: 1n }] }),
    refusals: () => [refused('a partition that the node has not', {}, 'NOT_OWNER')],
  },
  watchMembers: { runs: 'NONE', request: () => ({}) },
};

/** The RPCs about tenants. */
export const TENANT_ENTRIES: Entries<typeof TenantService> = {
  createTenant: { runs: 'NONE', request: () => ({ tenantId: 'fresh' }) },
  getTenant: {
    runs: 'NONE',
    request: () => ({}),
    refusals: () => [refused('a tenant that is not there', { tenantId: 'none' }, 'TENANT_NOT_FOUND')],
  },
  listTenants: { runs: 'NONE', request: () => ({ pageSize: 10 }), refusals: () => BAD_PAGE },
  updateTenant: {
    runs: 'NONE',
    request: () => ({ tenantId: 'none', tenant: { name: 'n' }, updateMask: { paths: ['name'] } }),
    refusals: () => [refused('a tenant that is not there', { tenantId: 'none' }, 'TENANT_NOT_FOUND')],
  },
};

/** The RPCs about tokens. */
export const TOKEN_ENTRIES: Entries<typeof TokenService> = {
  createToken: {
    runs: 'NONE',
    request: () => ({ name: 'fresh', role: Role.VIEWER }),
    refusals: () => [refused('the role of the one administrator', { role: Role.ROOT }, 'INVALID_FIELDS')],
  },
  validateToken: { runs: 'NONE', request: () => ({ secret: 'mlr_none' }) },
  listTokens: { runs: 'NONE', request: () => ({ pageSize: 10 }), refusals: () => BAD_PAGE },
  revokeToken: {
    runs: 'NONE',
    request: ({ tokenId }) => ({ tokenId }),
    refusals: () => [refused('a token that is not there', { tokenId: 'none' }, 'TOKEN_NOT_FOUND')],
  },
};

/** The RPCs about the audit log. */
export const AUDIT_ENTRIES: Entries<typeof AuditService> = {
  listEntries: { runs: 'NONE', request: () => ({ pageSize: 10 }), refusals: () => BAD_PAGE },
  verifyChain: { runs: 'NONE', request: () => ({}) },
};

/** The RPCs that every service has. */
export const SYSTEM_ENTRIES: Entries<typeof SystemService> = {
  getInfo: { runs: 'NONE', request: () => ({}) },
  backup: { runs: 'NONE', request: () => ({ label: 'b' }) },
  finalizeUpgrade: {
    runs: 'NONE',
    request: () => ({}),
    refusals: () => [refused('another format', { expectedFormat: 9_999 }, 'INVALID_FIELDS')],
  },
};
