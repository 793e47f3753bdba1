import type { OpenContext, OpenRegistryStore } from '#libs/store/opening/open-context.ts';
import type { StoreLocation } from '#libs/store/opening/uri.ts';

/** Opens the registry's store. Each adapter is loaded only where it is used: a driver takes a while to load. */
export async function openStore(location: StoreLocation, context: OpenContext): Promise<OpenRegistryStore> {
  switch (location.kind) {
    case 'sqlite': {
      const { openSqliteRegistryStore } = await import('#libs/store/sqlite/open.ts');
      return await openSqliteRegistryStore(location.folder, context);
    }
    case 'mongodb': {
      const { openMongoRegistryStore } = await import('#libs/store/mongo/open.ts');
      return await openMongoRegistryStore(location, context);
    }
    case 'memory': {
      const { openMemoryRegistryStore } = await import('#libs/store/memory/open.ts');
      return await openMemoryRegistryStore(context);
    }
  }
}
