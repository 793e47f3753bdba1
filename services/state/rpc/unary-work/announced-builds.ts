import type { AnnouncedDefinition } from '#gen/millrace/state/v1/worker_pb.ts';
import type { StateContext } from '../context.ts';
import { announcedCode } from '../work/worker-facts.ts';

/** Workers that are remembered: as many as a large fleet has. */
const MAX_REMEMBERED = 10_000;

/** Takes the builds that polls announce. */
export interface AnnouncedBuilds {
  take(tenantId: string, workerId: string, announced: readonly AnnouncedDefinition[]): void;
}

/**
 * Makes builds of workers that count once, although every poll repeats them: two builds that both diverge would else
 * give a run to each other for ever.
 */
export function createAnnouncedBuilds(context: StateContext): AnnouncedBuilds {
  const known = new Map<string, string>();
  return {
    take: (tenantId, workerId, announced) => {
      const codes = announcedCode(announced);
      const worker = JSON.stringify([tenantId, workerId]);
      const builds = JSON.stringify(Array.from(codes, ([name, { build }]) => [name, build]));
      if (known.get(worker) === builds) return;
      known.delete(worker);
      known.set(worker, builds);
      if (known.size > MAX_REMEMBERED) {
        for (const oldest of known.keys()) {
          known.delete(oldest);
          break;
        }
      }
      context.node.announceBuilds(tenantId, codes);
    },
  };
}
