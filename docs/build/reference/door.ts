/** What a door exports, as plain text and ready to be written down. */
export interface Door {
  /** In the order of the door. */
  readonly exports: readonly Declared[];
  /** Types of ours that signatures name and that the door does not export, in the order in which they come up. */
  readonly named: readonly Declared[];
  /** Messages and enums of the protos that signatures name. */
  readonly messages: readonly Message[];
}

/** One export. */
export interface Declared {
  readonly name: string;
  /** Where it is declared, from the root of the repository. */
  readonly file: string;
  /** One for each overload. */
  readonly signatures: readonly string[];
  readonly comment: string;
  /** Of an interface or a class, in the order of the source. */
  readonly members: readonly Member[];
}

/** A field, method or constructor. */
export interface Member {
  readonly signatures: readonly string[];
  readonly comment: string;
}

/** A generated type. */
export interface Message {
  readonly name: string;
  /** The proto it is made from, from the root of the repository. */
  readonly file: string;
}
