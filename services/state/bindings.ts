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
import { NOTHING_OPEN, type StateContext } from './rpc/context.ts';
import { createGetDefinition } from './rpc/definition-service/get-definition.ts';
import { createListDefinitions } from './rpc/definition-service/list-definitions.ts';
import { createPutDefinition } from './rpc/definition-service/put-definition.ts';
import { createWork } from './rpc/dispatch-service/work.ts';
import { createDownloadPayload } from './rpc/payload-service/download-payload.ts';
import { createUploadPayload } from './rpc/payload-service/upload-payload.ts';
import { createCancelRun } from './rpc/run-service/cancel-run.ts';
import { createDeleteRun } from './rpc/run-service/delete-run.ts';
import { createGetRun } from './rpc/run-service/get-run.ts';
import { createPauseRun } from './rpc/run-service/pause-run.ts';
import { createResumeRun } from './rpc/run-service/resume-run.ts';
import { createSession } from './rpc/run-service/session.ts';
import { createStartRun } from './rpc/run-service/start-run.ts';
import { createTerminateRun } from './rpc/run-service/terminate-run.ts';
import { createWaitRun } from './rpc/run-service/wait-run.ts';
import { createSendSignal } from './rpc/signal-service/send-signal.ts';

/**
 * Every RPC of the state service, bound to its handler. A method without one answers NOT_BUILT. Without a context the
 * bindings only tell what there is.
 */
export function createStateBindings(context: StateContext = NOTHING_OPEN): readonly ServiceBinding[] {
  return [
    bindService(AuditService, {}),
    bindService(ClaimService, {}),
    bindService(ClusterService, {}),
    bindService(ControlService, {}),
    bindService(DefinitionService, {
      putDefinition: createPutDefinition(context),
      getDefinition: createGetDefinition(context),
      listDefinitions: createListDefinitions(context),
    }),
    bindService(DispatchService, {
      work: createWork(context),
    }),
    bindService(EventLogService, {}),
    bindService(PayloadService, {
      uploadPayload: createUploadPayload(context),
      downloadPayload: createDownloadPayload(context),
    }),
    bindService(QueueService, {}),
    bindService(RunService, {
      startRun: createStartRun(context),
      session: createSession(context),
      getRun: createGetRun(context),
      waitRun: createWaitRun(context),
      deleteRun: createDeleteRun(context),
      cancelRun: createCancelRun(context),
      pauseRun: createPauseRun(context),
      resumeRun: createResumeRun(context),
      terminateRun: createTerminateRun(context),
    }),
    bindService(SignalService, {
      sendSignal: createSendSignal(context),
    }),
    bindService(SnapshotService, {}),
    bindService(TenantService, {}),
    bindService(TokenService, {}),
  ];
}
