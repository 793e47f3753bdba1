import { create, type DescMethod, type DescService, type Message } from '@bufbuild/protobuf';
import { SystemService } from '#gen/millrace/common/v1/system_service_pb.ts';
import { AuditService } from '#gen/millrace/state/v1/audit_service_pb.ts';
import { ClaimService } from '#gen/millrace/state/v1/claim_service_pb.ts';
import { ClusterService } from '#gen/millrace/state/v1/cluster_service_pb.ts';
import { ControlService } from '#gen/millrace/state/v1/control_service_pb.ts';
import { DefinitionService } from '#gen/millrace/state/v1/definition_service_pb.ts';
import { DispatchService } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { EventLogService } from '#gen/millrace/state/v1/event_log_service_pb.ts';
import { PayloadService } from '#gen/millrace/state/v1/payload_service_pb.ts';
import { QueueService } from '#gen/millrace/state/v1/queue_service_pb.ts';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { SignalService } from '#gen/millrace/state/v1/signal_service_pb.ts';
import { SnapshotService } from '#gen/millrace/state/v1/snapshot_service_pb.ts';
import { TenantService } from '#gen/millrace/state/v1/tenant_service_pb.ts';
import { TokenService } from '#gen/millrace/state/v1/token_service_pb.ts';
import type { Role } from '#libs/auth/roles.ts';
import { rolesOfMethod } from '#libs/rpc/service-binding.ts';
import { createStateBindings } from '#services/state/bindings.ts';
import { CLAIM_ENTRIES, CONTROL_ENTRIES, SNAPSHOT_ENTRIES } from './client-entries.ts';
import type { Entry } from './entry.ts';
import { QUEUE_ENTRIES } from './queue-entries.ts';
import { EVENT_LOG_ENTRIES, RUN_ENTRIES, SIGNAL_ENTRIES } from './run-entries.ts';
import {
  AUDIT_ENTRIES,
  CLUSTER_ENTRIES,
  DEFINITION_ENTRIES,
  PAYLOAD_ENTRIES,
  SYSTEM_ENTRIES,
  TENANT_ENTRIES,
  TOKEN_ENTRIES,
} from './tenant-entries.ts';
import { DISPATCH_ENTRIES } from './work-entries.ts';
import type { World } from './world.ts';

type AnyInit = Readonly<Record<string, unknown>>;

/** An RPC with its entry. */
export interface Rpc {
  /** `Service/Method`. */
  readonly name: string;
  readonly method: DescMethod;
  readonly entry: Entry<AnyInit>;
  /** It is expected to be NOT_BUILT, whatever else is wrong with a well-formed request. */
  readonly isBuilt: boolean;
  readonly hasTenant: boolean;
  /** Who may call it. */
  readonly roles: ReadonlySet<Role>;
}

const built = new Set(
  createStateBindings().flatMap(({ methods }) =>
    methods.filter(({ handler }) => handler !== undefined).map(({ path }) => path),
  ),
);

/** Every RPC of the state service. */
export const RPCS: readonly Rpc[] = [
  ...rpcsOf(AuditService, AUDIT_ENTRIES),
  ...rpcsOf(ClaimService, CLAIM_ENTRIES),
  ...rpcsOf(ClusterService, CLUSTER_ENTRIES),
  ...rpcsOf(ControlService, CONTROL_ENTRIES),
  ...rpcsOf(DefinitionService, DEFINITION_ENTRIES),
  ...rpcsOf(DispatchService, DISPATCH_ENTRIES),
  ...rpcsOf(EventLogService, EVENT_LOG_ENTRIES),
  ...rpcsOf(PayloadService, PAYLOAD_ENTRIES),
  ...rpcsOf(QueueService, QUEUE_ENTRIES),
  ...rpcsOf(RunService, RUN_ENTRIES),
  ...rpcsOf(SignalService, SIGNAL_ENTRIES),
  ...rpcsOf(SnapshotService, SNAPSHOT_ENTRIES),
  ...rpcsOf(TenantService, TENANT_ENTRIES),
  ...rpcsOf(TokenService, TOKEN_ENTRIES),
  ...rpcsOf(SystemService, SYSTEM_ENTRIES),
];

function rpcsOf(service: DescService, entries: object): readonly Rpc[] {
  const byName = entries as Readonly<Record<string, Entry<AnyInit>>>;
  return service.methods.map((method) => {
    const entry = byName[method.localName];
    if (entry === undefined) throw new TypeError(`${method.name} has no entry`);
    return {
      name: `${service.name}/${method.name}`,
      method,
      entry,
      isBuilt: service === SystemService || built.has(`/${service.typeName}/${method.name}`),
      roles: rolesOfMethod(method),
      hasTenant: method.input.fields.some(({ name, number }) => name === 'tenant_id' && number === 1),
    };
  });
}

/** The valid request of an RPC with what is to be another; undefined takes a field away. */
export function requestOf({ method, entry, hasTenant }: Rpc, world: World, change: AnyInit = {}): Message {
  const tenant = hasTenant ? { tenantId: world.tenantId } : {};
  const all = { ...tenant, ...entry.request(world), ...change };
  const init = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return create(method.input, init);
}
