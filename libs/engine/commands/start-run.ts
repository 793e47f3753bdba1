import type { Attributes } from '../model/attribute.ts';
import type { TaskHint } from '../model/client-state.ts';
import type { RunParent } from '../model/parent.ts';
import type { Payload } from '../model/payload.ts';

/** Starts a fresh incarnation. What becomes of another run under the id was settled before, by `decideConflict`. */
export interface StartRun {
  readonly kind: 'startRun';
  readonly workflow: string;
  readonly version: string;
  readonly definitionHash: string;
  readonly input: Payload | undefined;
  readonly priority: number;
  readonly tags: readonly string[];
  readonly attributes: Attributes;
  readonly parent: RunParent | undefined;
  readonly runTimeoutMs: number | undefined;
  readonly requestedBy: string;
  readonly replacedIncarnation: string;
  readonly queue: string;
  /** The task that a CLIENT run begins with. Absent: none is offered. */
  readonly firstTask?: TaskHint | undefined;
}
