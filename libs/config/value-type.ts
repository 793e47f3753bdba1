/** A kind of value: how it is written, read and shown. */
export interface ValueType<T> {
  /** What stands for the value in the help, for example `host:port`. */
  readonly placeholder: string;
  /** What is allowed, as it follows "must be": "a whole number from 1 to 5". */
  readonly rule: string;
  /** Reads a text; undefined when it breaks the rule. Throws a `ValueFault` where there is more to say. */
  readonly parse: (text: string) => T | undefined;
  /** Writes a value as somebody would have written it. */
  format(value: T): string;
  /** The value of an option that is given without one, as a switch. Absent: the option needs a value. */
  readonly whenBare?: T;
}

/** Why a value is refused, where the rule alone does not say it. Its message follows the variable's name. */
export class ValueFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ValueFault';
  }
}
