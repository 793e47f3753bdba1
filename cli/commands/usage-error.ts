import { StartError } from '#libs/lifecycle/start-error.ts';

/** The command line was not understood: exit code 2. One error carries every fault. */
export class UsageError extends StartError {
  constructor(faults: readonly string[]) {
    super(faults.join('; '));
    this.name = 'UsageError';
  }
}
