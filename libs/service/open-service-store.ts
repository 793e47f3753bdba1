import type { StartScope } from '#libs/lifecycle/run-program.ts';
import type { Logger } from '#libs/logger/logger.ts';
import type { OpenContext } from '#libs/store/opening/open-context.ts';

/** What a service's store is opened with: it ends the program when the journal cannot be believed any more. */
export function openContextOf({ signal, fail }: StartScope, log: Logger): OpenContext {
  return {
    log,
    signal,
    onTrouble(error) {
      if (error.problem === 'broken') {
        // What is in memory may differ from what is on disk: only a new process, which recovers, is right again.
        fail(error);
      } else {
        log.warn({ err: error, problem: error.problem }, 'the journal had trouble');
      }
    },
  };
}
