import type { ConfigEntry } from '#libs/config/config-table.ts';
import { ValueFault, type ValueType } from '#libs/config/value-type.ts';

/** Where a service keeps its data. */
export interface StoreSetting {
  readonly kind: 'sqlite';
  /** The folder of the files, absolute or relative to the working folder. */
  readonly folder: string;
}

const NOT_BUILT: readonly string[] = ['mongodb', 'mongodb+srv', 'memory'];

/** A store: `sqlite:` and a folder. What is refused is named by its scheme alone, because the rest may be a secret. */
function storeSetting(): ValueType<StoreSetting> {
  return {
    placeholder: 'uri',
    rule: 'sqlite: and a folder, such as sqlite:./.millrace',
    parse(raw) {
      const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/i.exec(raw) ?? [];
      if (NOT_BUILT.includes(scheme.toLowerCase())) {
        throw new ValueFault(`the store ${scheme.toLowerCase()}: is not built yet, use sqlite: and a folder`);
      }
      if (scheme !== 'sqlite') {
        throw new ValueFault(`${describeScheme(scheme)}, use sqlite: and a folder, such as sqlite:./.millrace`);
      }
      // As in file URIs, two slashes begin a host, and there is none.
      const folder = rest.startsWith('//') ? rest.slice(2) : rest;
      if (folder === '' || (rest.startsWith('//') && !folder.startsWith('/'))) {
        throw new ValueFault('names no folder, write sqlite:./folder or sqlite:/absolute/folder');
      }
      return { kind: 'sqlite', folder };
    },
    format: ({ folder }) => `sqlite:${folder}`,
  };
}

/** The setting of a service's store. */
export function storeEntry(defaultFolder: string): ConfigEntry<StoreSetting> {
  return {
    env: 'MILLRACE_STORE',
    type: storeSetting(),
    default: { kind: 'sqlite', folder: defaultFolder },
    doc: 'where data is kept',
  };
}

function describeScheme(scheme: string): string {
  return scheme === '' ? 'names no kind of store' : `the store ${scheme}: is unknown`;
}
