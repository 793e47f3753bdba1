import type { OpenContext, OpenStateStore } from '#libs/store/opening/open-context.ts';
import type { StoreLocation } from '#libs/store/opening/uri.ts';

/** Opens the state service's store. Each adapter is loaded only where it is used: a driver takes a while to load. */
export async function openStore(location: StoreLocation, context: OpenContext): Promise<OpenStateStore> {
  switch (location.kind) {
    case 'sqlite': {
      const { openSqliteStateStore } = await import('#libs/store/sqlite/open.ts');
      return await openSqliteStateStore(location.folder, context);
    }
    case 'mongodb': {
      const { openMongoStateStore } = await import('#libs/store/mongo/open.ts');
      return await openMongoStateStore(location, context);
    }
    case 'memory': {
      const { openMemoryStateStore } = await import('#libs/store/memory/open.ts');
      return await openMemoryStateStore(context);
    }
  }
}
