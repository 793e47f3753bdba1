import type { Control, ControlKind } from '#libs/engine/model/control.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';

/** The control of a kind that waits for a run's runtime. On a SERVER run none ever does. */
export function maybePendingControl({ identity, run }: HotRun, kind: ControlKind): Control | undefined {
  if (identity.driver === 'SERVER') return undefined;
  return kind === 'CANCEL' ? run.cancel : run.pendingPause;
}
