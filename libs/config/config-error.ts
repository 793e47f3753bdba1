import { StartError } from '#libs/lifecycle/start-error.ts';

/** The configuration is not usable. One error carries every fault. */
export class ConfigError extends StartError {
  /** One sentence each, beginning with the variable or the option. */
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('; '));
    this.name = 'ConfigError';
    this.faults = faults;
  }
}
