import { integer } from '#libs/config/number-types.ts';
import { boolean, filePath, text } from '#libs/config/text-types.ts';
import type { CommandArgument, CommandOption } from '../command.ts';
import { jsonText } from '../value-types.ts';

/** An argument that a command cannot do without. */
type Required<T> = CommandArgument<T> & { readonly isRequired: true };

/** The run that a command is about. */
export const RUN_ARGUMENT: { readonly run: Required<string> } = {
  run: { type: text(), doc: "the run's id", isRequired: true },
};

/** Which start under the run's id. */
export const INCARNATION_OPTION: { readonly incarnation: CommandOption<string> } = {
  incarnation: { type: text('uuid'), doc: 'which start under that id, by default the newest' },
};

/** Of every command that changes something. */
export const REQUEST_ID_OPTION: { readonly requestId: CommandOption<string> } = {
  requestId: {
    type: text('id'),
    doc: 'makes a repeat safe for 24 h: the same id gets the first answer and changes nothing',
  },
};

/** Which events of a log. */
export const EVENT_OPTIONS: {
  readonly since: CommandOption<number>;
  readonly system: CommandOption<boolean>;
} = {
  since: {
    type: integer({ min: 1, max: 999_999_999_999_999 }),
    doc: 'the number of the event to begin with, by default the first',
  },
  system: { type: boolean(), doc: 'also what the server did to a CLIENT run: leases, saves, controls' },
};

/** How a payload is given. The names of the first two say what it is for. */
export function payloadOptions(what: string): {
  readonly json: CommandOption<string>;
  readonly file: CommandOption<string>;
  readonly contentType: CommandOption<string>;
} {
  return {
    json: { type: jsonText(), doc: `${what}, as JSON; by default null` },
    file: { type: filePath(), doc: `a file with ${what}; - is standard input` },
    contentType: { type: text('type'), doc: 'the media type of the file, by default application/json' },
  };
}

/** The event before the one that is asked for. */
export function sequenceBefore(since: number | undefined): bigint {
  return BigInt(since ?? 1) - 1n;
}
