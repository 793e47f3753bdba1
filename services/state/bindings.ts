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
import type { Forwarding } from './cluster/forwarding.ts';
import { byLease, byRunId, forwardedHandlers } from './forwarded-handlers.ts';
import { createListEntries } from './rpc/audit-service/list-entries.ts';
import { createVerifyChain } from './rpc/audit-service/verify-chain.ts';
import { createClaimTask } from './rpc/claim-service/claim-task.ts';
import { createExtendTaskClaim } from './rpc/claim-service/extend-task-claim.ts';
import { createFindAvailableTasks } from './rpc/claim-service/find-available-tasks.ts';
import { createReleaseTaskClaim } from './rpc/claim-service/release-task-claim.ts';
import { createWatchAvailableTasks } from './rpc/claim-service/watch-available-tasks.ts';
import { createDeliverMessages } from './rpc/cluster-service/deliver-messages.ts';
import { createListMembers } from './rpc/cluster-service/list-members.ts';
import { createWatchMembers } from './rpc/cluster-service/watch-members.ts';
import { NOTHING_OPEN, type StateContext } from './rpc/context.ts';
import { createCheckAndCancel } from './rpc/control-service/check-and-cancel.ts';
import { createCheckAndPause } from './rpc/control-service/check-and-pause.ts';
import { createCheckControls } from './rpc/control-service/check-controls.ts';
import { createClearControl } from './rpc/control-service/clear-control.ts';
import { createGetControl } from './rpc/control-service/get-control.ts';
import { createStoreControl } from './rpc/control-service/store-control.ts';
import { byDeadLetter } from './rpc/dead-letters/find-dead-letter.ts';
import { createGetDefinition } from './rpc/definition-service/get-definition.ts';
import { createListDefinitions } from './rpc/definition-service/list-definitions.ts';
import { createPutDefinition } from './rpc/definition-service/put-definition.ts';
import { createCompleteWork } from './rpc/dispatch-service/complete-work.ts';
import { createDrainWorker } from './rpc/dispatch-service/drain-worker.ts';
import { createExtendWork } from './rpc/dispatch-service/extend-work.ts';
import { createFailWork } from './rpc/dispatch-service/fail-work.ts';
import { createGetHistory } from './rpc/dispatch-service/get-history.ts';
import { createListWorkers } from './rpc/dispatch-service/list-workers.ts';
import { createParkWork } from './rpc/dispatch-service/park-work.ts';
import { createPollWork } from './rpc/dispatch-service/poll-work.ts';
import { createRecordSteps } from './rpc/dispatch-service/record-steps.ts';
import { createReleaseWork } from './rpc/dispatch-service/release-work.ts';
import { createStartChild } from './rpc/dispatch-service/start-child.ts';
import { createWork } from './rpc/dispatch-service/work.ts';
import { createAppendEvents } from './rpc/event-log-service/append-events.ts';
import { createGetLatestSequence } from './rpc/event-log-service/get-latest-sequence.ts';
import { createListEvents } from './rpc/event-log-service/list-events.ts';
import { createWatchEvents } from './rpc/event-log-service/watch-events.ts';
import { byFreeItem, createDownloadPayload } from './rpc/payload-service/download-payload.ts';
import { createUploadPayload } from './rpc/payload-service/upload-payload.ts';
import { createClaimWorkItem, keyOfClaim } from './rpc/queue-service/claim-work-item.ts';
import { createCompleteWorkItem } from './rpc/queue-service/complete-work-item.ts';
import { createEnqueueWorkItem, keyOfEnqueue } from './rpc/queue-service/enqueue-work-item.ts';
import { createFailWorkItem } from './rpc/queue-service/fail-work-item.ts';
import { byReleased, createForceRelease } from './rpc/queue-service/force-release.ts';
import { createGetDeadLetter } from './rpc/queue-service/get-dead-letter.ts';
import { createListDeadLetters } from './rpc/queue-service/list-dead-letters.ts';
import { createMoveToDeadLetter } from './rpc/queue-service/move-to-dead-letter.ts';
import { createPurgeDeadLetters, keyOfPurge } from './rpc/queue-service/purge-dead-letters.ts';
import { createReclaimExpiredLeases, keyOfReclaim } from './rpc/queue-service/reclaim-expired-leases.ts';
import { createRenewLease } from './rpc/queue-service/renew-lease.ts';
import { createRequeueDeadLetter } from './rpc/queue-service/requeue-dead-letter.ts';
import { byItem } from './rpc/queues/item-key.ts';
import { createAppendRunState } from './rpc/run-service/append-run-state.ts';
import { createCancelRun } from './rpc/run-service/cancel-run.ts';
import { createCountRuns } from './rpc/run-service/count-runs.ts';
import { createDeleteRun } from './rpc/run-service/delete-run.ts';
import { createExplainRun } from './rpc/run-service/explain-run.ts';
import { createGetRun } from './rpc/run-service/get-run.ts';
import { createListRuns } from './rpc/run-service/list-runs.ts';
import { createPatchRunState } from './rpc/run-service/patch-run-state.ts';
import { createPauseRun } from './rpc/run-service/pause-run.ts';
import { createResumeRun } from './rpc/run-service/resume-run.ts';
import { createSession } from './rpc/run-service/session.ts';
import { createStartRun } from './rpc/run-service/start-run.ts';
import { createTerminateRun } from './rpc/run-service/terminate-run.ts';
import { createUpdateRunStatus } from './rpc/run-service/update-run-status.ts';
import { createWaitRun } from './rpc/run-service/wait-run.ts';
import { createWatchRun } from './rpc/run-service/watch-run.ts';
import { keyOfStart } from './rpc/runs/key-of-start.ts';
import { createConsumeSignal } from './rpc/signal-service/consume-signal.ts';
import { createSendSignal } from './rpc/signal-service/send-signal.ts';
import { createDeleteSnapshot } from './rpc/snapshot-service/delete-snapshot.ts';
import { createListSnapshots } from './rpc/snapshot-service/list-snapshots.ts';
import { createLoadSnapshot } from './rpc/snapshot-service/load-snapshot.ts';
import { createLoadTaskResult } from './rpc/snapshot-service/load-task-result.ts';
import { createSaveSnapshot } from './rpc/snapshot-service/save-snapshot.ts';
import { createSaveTaskResult } from './rpc/snapshot-service/save-task-result.ts';
import { createCreateTenant } from './rpc/tenant-service/create-tenant.ts';
import { createGetTenant } from './rpc/tenant-service/get-tenant.ts';
import { createListTenants } from './rpc/tenant-service/list-tenants.ts';
import { createUpdateTenant } from './rpc/tenant-service/update-tenant.ts';
import { createCreateToken } from './rpc/token-service/create-token.ts';
import { createListTokens } from './rpc/token-service/list-tokens.ts';
import { createRevokeToken } from './rpc/token-service/revoke-token.ts';
import { createValidateToken } from './rpc/token-service/validate-token.ts';

/**
 * Every RPC of the state service, bound to its handler. A method without one answers NOT_BUILT. Without a context the
 * bindings only tell what there is; with a forwarding, calls about a run are served by the node that owns it.
 */
export function createStateBindings(
  context: StateContext = NOTHING_OPEN,
  forwarding?: Forwarding,
): readonly ServiceBinding[] {
  return [
    bindService(AuditService, {
      listEntries: createListEntries(context),
      verifyChain: createVerifyChain(context),
    }),
    bindClaims(context, forwarding),
    bindService(ClusterService, {
      listMembers: createListMembers(context),
      watchMembers: createWatchMembers(context),
      deliverMessages: createDeliverMessages(context),
    }),
    bindControls(context, forwarding),
    bindService(DefinitionService, {
      putDefinition: createPutDefinition(context),
      getDefinition: createGetDefinition(context),
      listDefinitions: createListDefinitions(context),
    }),
    bindDispatch(context, forwarding),
    bindService(
      EventLogService,
      forwardedHandlers(
        forwarding,
        EventLogService,
        { appendEvents: byRunId, listEvents: byRunId, getLatestSequence: byRunId, watchEvents: byRunId },
        {
          appendEvents: createAppendEvents(context),
          listEvents: createListEvents(context),
          getLatestSequence: createGetLatestSequence(context),
          watchEvents: createWatchEvents(context),
        },
      ),
    ),
    bindService(
      PayloadService,
      forwardedHandlers(
        forwarding,
        PayloadService,
        { downloadPayload: byFreeItem },
        { uploadPayload: createUploadPayload(context), downloadPayload: createDownloadPayload(context) },
      ),
    ),
    bindQueues(context, forwarding),
    bindRuns(context, forwarding),
    bindService(
      SignalService,
      forwardedHandlers(
        forwarding,
        SignalService,
        { sendSignal: byRunId, consumeSignal: byRunId },
        { sendSignal: createSendSignal(context), consumeSignal: createConsumeSignal(context) },
      ),
    ),
    bindSnapshots(context, forwarding),
    bindService(TenantService, {
      createTenant: createCreateTenant(context),
      getTenant: createGetTenant(context),
      listTenants: createListTenants(context),
      updateTenant: createUpdateTenant(context),
    }),
    bindService(TokenService, {
      createToken: createCreateToken(context),
      validateToken: createValidateToken(context),
      listTokens: createListTokens(context),
      revokeToken: createRevokeToken(context),
    }),
  ];
}

function bindQueues(context: StateContext, forwarding: Forwarding | undefined): ServiceBinding {
  const keys = {
    enqueueWorkItem: keyOfEnqueue(context),
    claimWorkItem: keyOfClaim,
    renewLease: byItem,
    completeWorkItem: byItem,
    failWorkItem: byItem,
    reclaimExpiredLeases: keyOfReclaim,
    moveToDeadLetter: byItem,
    getDeadLetter: byDeadLetter(context),
    requeueDeadLetter: byDeadLetter(context),
    purgeDeadLetters: keyOfPurge,
    forceRelease: byReleased,
  };
  const handlers = {
    enqueueWorkItem: createEnqueueWorkItem(context),
    claimWorkItem: createClaimWorkItem(context),
    renewLease: createRenewLease(context),
    completeWorkItem: createCompleteWorkItem(context),
    failWorkItem: createFailWorkItem(context),
    reclaimExpiredLeases: createReclaimExpiredLeases(context),
    moveToDeadLetter: createMoveToDeadLetter(context),
    listDeadLetters: createListDeadLetters(context),
    getDeadLetter: createGetDeadLetter(context),
    requeueDeadLetter: createRequeueDeadLetter(context),
    purgeDeadLetters: createPurgeDeadLetters(context),
    forceRelease: createForceRelease(context),
  };
  return bindService(QueueService, forwardedHandlers(forwarding, QueueService, keys, handlers));
}

function bindRuns(context: StateContext, forwarding: Forwarding | undefined): ServiceBinding {
  const keys = {
    startRun: keyOfStart(context),
    getRun: byRunId,
    waitRun: byRunId,
    watchRun: byRunId,
    explainRun: byRunId,
    updateRunStatus: byRunId,
    patchRunState: byRunId,
    appendRunState: byRunId,
    cancelRun: byRunId,
    pauseRun: byRunId,
    resumeRun: byRunId,
    terminateRun: byRunId,
    deleteRun: byRunId,
  };
  const handlers = {
    startRun: createStartRun(context),
    session: createSession(context),
    getRun: createGetRun(context),
    listRuns: createListRuns(context),
    countRuns: createCountRuns(context),
    waitRun: createWaitRun(context),
    watchRun: createWatchRun(context),
    explainRun: createExplainRun(context),
    updateRunStatus: createUpdateRunStatus(context),
    patchRunState: createPatchRunState(context),
    appendRunState: createAppendRunState(context),
    cancelRun: createCancelRun(context),
    pauseRun: createPauseRun(context),
    resumeRun: createResumeRun(context),
    terminateRun: createTerminateRun(context),
    deleteRun: createDeleteRun(context),
  };
  return bindService(RunService, forwardedHandlers(forwarding, RunService, keys, handlers));
}

function bindControls(context: StateContext, forwarding: Forwarding | undefined): ServiceBinding {
  const keys = {
    storeControl: byRunId,
    getControl: byRunId,
    clearControl: byRunId,
    checkAndCancel: byRunId,
    checkAndPause: byRunId,
    checkControls: byRunId,
  };
  const handlers = {
    storeControl: createStoreControl(context),
    getControl: createGetControl(context),
    clearControl: createClearControl(context),
    checkAndCancel: createCheckAndCancel(context),
    checkAndPause: createCheckAndPause(context),
    checkControls: createCheckControls(context),
  };
  return bindService(ControlService, forwardedHandlers(forwarding, ControlService, keys, handlers));
}

function bindDispatch(context: StateContext, forwarding: Forwarding | undefined): ServiceBinding {
  const keys = {
    recordSteps: byLease,
    parkWork: byLease,
    startChild: byLease,
    completeWork: byLease,
    failWork: byLease,
    releaseWork: byLease,
    getHistory: byRunId,
  };
  const handlers = {
    work: createWork(context),
    pollWork: createPollWork(context),
    recordSteps: createRecordSteps(context),
    parkWork: createParkWork(context),
    startChild: createStartChild(context),
    getHistory: createGetHistory(context),
    completeWork: createCompleteWork(context),
    failWork: createFailWork(context),
    extendWork: createExtendWork(context),
    releaseWork: createReleaseWork(context),
    listWorkers: createListWorkers(context),
    drainWorker: createDrainWorker(context),
  };
  return bindService(DispatchService, forwardedHandlers(forwarding, DispatchService, keys, handlers));
}

function bindClaims(context: StateContext, forwarding: Forwarding | undefined): ServiceBinding {
  const keys = { claimTask: byRunId, releaseTaskClaim: byRunId, extendTaskClaim: byRunId };
  const handlers = {
    claimTask: createClaimTask(context),
    releaseTaskClaim: createReleaseTaskClaim(context),
    extendTaskClaim: createExtendTaskClaim(context),
    findAvailableTasks: createFindAvailableTasks(context),
    watchAvailableTasks: createWatchAvailableTasks(context),
  };
  return bindService(ClaimService, forwardedHandlers(forwarding, ClaimService, keys, handlers));
}

function bindSnapshots(context: StateContext, forwarding: Forwarding | undefined): ServiceBinding {
  const keys = {
    saveSnapshot: byRunId,
    saveTaskResult: byRunId,
    loadSnapshot: byRunId,
    deleteSnapshot: byRunId,
    loadTaskResult: byRunId,
  };
  const handlers = {
    saveSnapshot: createSaveSnapshot(context),
    saveTaskResult: createSaveTaskResult(context),
    loadSnapshot: createLoadSnapshot(context),
    deleteSnapshot: createDeleteSnapshot(context),
    listSnapshots: createListSnapshots(context),
    loadTaskResult: createLoadTaskResult(context),
  };
  return bindService(SnapshotService, forwardedHandlers(forwarding, SnapshotService, keys, handlers));
}
