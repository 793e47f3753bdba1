import { StartError } from '#libs/lifecycle/start-error.ts';
import type { RestorePlan, RestoreTarget } from '#libs/store/backup/restore-target.ts';
import type { StoreLocation } from '#libs/store/opening/uri.ts';

/**
 * Makes the store that a restore fills. Restore is offline, with no service that could wire the adapters: here the
 * command line does. They are loaded when they are needed.
 *
 * @throws StartError for a store that cannot be restored into.
 */
export async function openRestoreTarget(
  location: StoreLocation,
  plan: RestorePlan,
  signal: AbortSignal,
): Promise<RestoreTarget> {
  const context = { signal, onTrouble: () => undefined };
  switch (location.kind) {
    case 'sqlite': {
      const { openSqliteRestoreTarget } = await import('#libs/store/sqlite/backup-target.ts');
      return await openSqliteRestoreTarget(location.folder, plan, context);
    }
    case 'mongodb': {
      const { openMongoRestoreTarget } = await import('#libs/store/mongo/backup-target.ts');
      return await openMongoRestoreTarget(location, plan, context);
    }
    case 'memory':
      throw new StartError('a store in memory is gone with this process: restore into sqlite: or mongodb:');
  }
}
