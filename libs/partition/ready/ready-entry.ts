/** A work item that waits for a worker. Its caller owns the object; the ready lists know it by identity. */
export interface ReadyEntry {
  readonly tenantId: string;
  readonly runId: string;
  readonly incarnation: string;
  readonly nodePath: string;
  readonly itemSequence: number;
  readonly workflow: string;
  readonly version: string;
  readonly queue: string;
  /** Sorted, each once. A worker must have them all. */
  readonly tags: readonly string[];
  /** 1 is the most urgent, 5 the least. */
  readonly priority: number;
  /** Since when it waits, in wall-clock milliseconds. */
  readonly scheduleTime: number;
  /** Whose last attempt of it failed: this worker comes last for it. Empty: nobody. */
  readonly failedWorkerId: string;
  /** The build of its definition that diverged: no worker of that build gets it. Absent: none is known. */
  readonly avoidedBuild?: string;
}

/** What all entries of one list have in common; it names the list. */
export type ListName = Pick<
  ReadyEntry,
  'tenantId' | 'workflow' | 'version' | 'queue' | 'tags' | 'priority' | 'avoidedBuild'
>;
