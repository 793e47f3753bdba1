import { createHash } from 'node:crypto';
import { toBinary } from '@bufbuild/protobuf';
import { type AnnouncedDefinition, AnnouncedDefinitionSchema } from '#gen/millrace/state/v1/worker_pb.ts';
import type { StateContext } from '../context.ts';
import { storeAnnounced } from '../work/announced-definitions.ts';

/** Announcements that are remembered: as many as a large fleet makes. */
const MAX_REMEMBERED = 10_000;

/** Takes what polls announce. */
export interface Announcements {
  /** @throws as `storeAnnounced`. */
  take(tenantId: string, announced: readonly AnnouncedDefinition[]): Promise<void>;
}

/** Makes announcements that are stored once, although every poll repeats them. */
export function createAnnouncements(context: StateContext): Announcements {
  const known = new Set<string>();
  return {
    take: async (tenantId, announced) => {
      const names = new Map<string, AnnouncedDefinition>();
      for (const definition of announced) {
        if (definition.definition === undefined) continue;
        const digest = createHash('sha256').update(toBinary(AnnouncedDefinitionSchema, definition)).digest('base64');
        const name = JSON.stringify([tenantId, digest]);
        if (!known.has(name)) names.set(name, definition);
      }
      if (names.size === 0) return;
      await storeAnnounced(context, tenantId, [...names.values()]);
      for (const name of names.keys()) {
        known.add(name);
        if (known.size <= MAX_REMEMBERED) continue;
        for (const oldest of known) {
          known.delete(oldest);
          break;
        }
      }
    },
  };
}
