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
import { bindService, type ServiceBinding } from '#libs/rpc/service-binding.ts';

/** Every RPC of the state service, bound to its handler. A method without one answers NOT_BUILT. */
export function createStateBindings(): readonly ServiceBinding[] {
  return [
    bindService(AuditService, {}),
    bindService(ClaimService, {}),
    bindService(ClusterService, {}),
    bindService(ControlService, {}),
    bindService(DefinitionService, {}),
    bindService(DispatchService, {}),
    bindService(EventLogService, {}),
    bindService(PayloadService, {}),
    bindService(QueueService, {}),
    bindService(RunService, {}),
    bindService(SignalService, {}),
    bindService(SnapshotService, {}),
    bindService(TenantService, {}),
    bindService(TokenService, {}),
  ];
}
