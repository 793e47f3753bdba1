import { text } from '#libs/config/text-types.ts';
import type { CommandArgument, CommandOption } from '../command.ts';
import { fence } from '../value-types.ts';

type Required<T> = CommandOption<T> & { readonly isRequired: true };

/** The work item that a command is about. */
export const ITEM_ARGUMENT: { readonly item: CommandArgument<string> & { readonly isRequired: true } } = {
  item: { type: text(), doc: "the item's id", isRequired: true },
};

/** The run of an item. */
export const ITEM_RUN_OPTION: { readonly run: CommandOption<string> } = {
  run: { type: text('run'), doc: 'the CLIENT run that it belongs to, by default none' },
};

/** Who holds an item, as its claim said. */
export const HOLD_OPTIONS: {
  readonly run: CommandOption<string>;
  readonly worker: Required<string>;
  readonly fence: Required<bigint>;
} = {
  ...ITEM_RUN_OPTION,
  worker: { type: text('worker'), doc: 'who has it', isRequired: true },
  fence: { type: fence(), doc: "the lease's fence, as the claim answered it", isRequired: true },
};
