import type { ConfigEntry } from '#libs/config/config-table.ts';
import { ValueFault, type ValueType } from '#libs/config/value-type.ts';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { describeStore, parseStoreUri, type StoreLocation } from '#libs/store/opening/uri.ts';

/** Where a store is, as people write it. What is refused is named without what may be a secret. */
export function storeUri(): ValueType<StoreLocation> {
  return {
    placeholder: 'uri',
    rule: 'sqlite: and a folder, mongodb://host/database, or memory: which is gone at the end',
    parse(raw) {
      try {
        return parseStoreUri(raw);
      } catch (error) {
        throw error instanceof StartError ? new ValueFault(error.message) : error;
      }
    },
    format: describeStore,
  };
}

/** The setting of a service's store. */
export function storeEntry(defaultFolder: string, doc: string): ConfigEntry<StoreLocation> {
  return { env: 'MILLRACE_STORE', type: storeUri(), default: { kind: 'sqlite', folder: defaultFolder }, doc };
}
