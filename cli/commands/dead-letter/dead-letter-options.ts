import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { DeadLetterReason } from '#gen/millrace/state/v1/dead_letter_pb.ts';
import type { DeadLetterFilterSchema } from '#gen/millrace/state/v1/queue_service_pb.ts';
import { choice, text } from '#libs/config/text-types.ts';
import type { CommandArgument, CommandOption, OptionValues } from '../command.ts';
import { type Moment, moment, msOfMoment } from '../value-types.ts';

/** The dead letter that a command is about. */
export const DEAD_LETTER_ARGUMENT: { readonly deadLetter: CommandArgument<string> & { readonly isRequired: true } } = {
  deadLetter: { type: text(), doc: "the dead letter's id", isRequired: true },
};

type ReasonName = 'exhausted' | 'expired' | 'moved' | 'poison';

const REASONS: Readonly<Record<ReasonName, DeadLetterReason>> = {
  exhausted: DeadLetterReason.EXHAUSTED,
  expired: DeadLetterReason.EXPIRED,
  moved: DeadLetterReason.MOVED,
  poison: DeadLetterReason.POISON,
};

/** Which dead letters are meant. */
export interface FilterOptions {
  readonly queue: CommandOption<string>;
  readonly run: CommandOption<string>;
  readonly workflow: CommandOption<string>;
  readonly reason: CommandOption<ReasonName>;
  readonly failureType: CommandOption<string>;
  readonly diedAfter: CommandOption<Moment>;
  readonly diedBefore: CommandOption<Moment>;
}

/** What they are. */
export const FILTER_OPTIONS: FilterOptions = {
  queue: { type: text('queue'), doc: 'only of this queue' },
  run: { type: text('run'), doc: 'only of this run' },
  workflow: { type: text('workflow'), doc: 'only of runs of this workflow' },
  reason: { type: choice('exhausted', 'expired', 'moved', 'poison'), doc: 'only those that are here for this reason' },
  failureType: { type: text('type'), doc: 'only those whose last failure has this type' },
  diedAfter: { type: moment(), doc: 'only those that came here then or later' },
  diedBefore: { type: moment(), doc: 'only those that came here before' },
};

/** The filter that options say. Undefined: none. */
export function maybeFilter(
  values: OptionValues<FilterOptions>,
  nowMs: number,
): MessageInitShape<typeof DeadLetterFilterSchema> | undefined {
  const { queue = '', run: runId = '', workflow = '', reason, failureType = '', diedAfter, diedBefore } = values;
  const given = [queue, runId, workflow, reason, failureType, diedAfter, diedBefore];
  if (given.every((value) => value === undefined || value === '')) return undefined;
  return {
    queue,
    runId,
    workflow,
    failureType,
    ...(reason === undefined ? {} : { reason: REASONS[reason] }),
    ...(diedAfter === undefined ? {} : { minDeadTime: timestampFromMs(msOfMoment(diedAfter, nowMs)) }),
    ...(diedBefore === undefined ? {} : { maxDeadTime: timestampFromMs(msOfMoment(diedBefore, nowMs)) }),
  };
}
