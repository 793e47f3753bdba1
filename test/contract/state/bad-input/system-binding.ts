import { SystemService } from '#gen/millrace/common/v1/system_service_pb.ts';
import { bindService, type ServiceBinding } from '#libs/rpc/service-binding.ts';
import { createBackup } from '#libs/service/backup.ts';
import { createFinalizeUpgrade } from '#libs/service/finalize-upgrade.ts';
import { createGetInfo } from '#libs/service/get-info.ts';
import type { OpenStateStore } from '#libs/store/opening/open-context.ts';

/** What every service says about itself, for a state service on a store. */
export function bindSystemOf(store: OpenStateStore): ServiceBinding {
  const nowMs = (): number => Date.now();
  return bindService(SystemService, {
    getInfo: createGetInfo({ service: 'state', version: '0.0.0', store, limits: {}, startTimeMs: nowMs() }, nowMs),
    backup: createBackup({ service: 'state', store, parts: store.backup }, nowMs),
    finalizeUpgrade: createFinalizeUpgrade(store.meta),
  });
}
