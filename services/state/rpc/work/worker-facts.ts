import type { Hello } from '#gen/millrace/state/v1/work_up_pb.ts';
import { type AnnouncedDefinition, WorkMode } from '#gen/millrace/state/v1/worker_pb.ts';
import type { AnnouncedCode, WorkerFacts } from '#libs/partition/dispatch/dispatch-session.ts';

/** A definition as workers and runs name it. */
export function definitionName({ workflow, version }: Pick<AnnouncedDefinition, 'workflow' | 'version'>): string {
  return `${workflow}@${version}`;
}

/** What a worker says of itself. `hops`: over how many nodes it came; a stream that another one relays is RELAYED. */
export function workerFacts({ mode, sdk, tasks, slots }: Hello, hops: number): WorkerFacts {
  return { mode: mode === WorkMode.DIRECT && hops === 0 ? 'DIRECT' : 'RELAYED', sdk, tasks, slots };
}

/** What announcements say of definitions beside their names. */
export function announcedCode(definitions: readonly AnnouncedDefinition[]): ReadonlyMap<string, AnnouncedCode> {
  const codes = new Map<string, AnnouncedCode>();
  for (const announced of definitions) {
    const { definitionHash, build } = announced;
    codes.set(definitionName(announced), { definitionHash, build });
  }
  return codes;
}
