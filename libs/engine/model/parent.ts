/**
 * How a child and its parent depend on each other: the parent waits for the end (`WAIT`), goes on once the child has
 * started (`DETACH`), or waits and takes the child along when it is cancelled, terminated or fails.
 */
export type ChildMode = 'WAIT' | 'DETACH' | 'CANCEL_WITH_PARENT';

/** The run that started a child. */
export interface RunParent {
  readonly runId: string;
  readonly incarnation: string;
  /** The node or step that started the child. */
  readonly nodePath: string;
  readonly mode: ChildMode;
}
