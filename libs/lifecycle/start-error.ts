/**
 * A program cannot start for a reason that its user can mend: a setting, a port, a folder. The message is shown as it
 * is, as one line without a stack, and the exit code is 2. It names the thing and says what would be right.
 */
export class StartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartError';
  }
}
