/** A run whose code came to something else than its log has. */
export interface Divergence {
  readonly runId: string;
  readonly incarnation: string;
  readonly workflow: string;
  readonly version: string;
  /** What the log has, for people: `step charge #0`. */
  readonly expectedStep: string;
  /** What the code came to, for people. */
  readonly foundStep: string;
  /** Where the code came to it: `file:line:column`. Empty: not known. */
  readonly sourceLocation: string;
  /** Names the code. */
  readonly build: string;
}
