import { type Event, EventSchema } from '#gen/millrace/state/v1/event_pb.ts';
import { RunSchema } from '#gen/millrace/state/v1/run_pb.ts';
import { type EventRange, followEvents } from '../calls/follow-events.ts';
import type { StateConnection } from '../calls/state-connection.ts';
import type { CommandContext, CommandResult } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import type { Output } from '../output.ts';
import { eventLine } from '../text/event-text.ts';
import { endLine } from '../text/run-text.ts';

/** Prints an event as a line. */
export function printEvent(out: Output, event: Event): void {
  // Only one of them is shown, and a log may be long.
  out.print(out.isJson ? { json: { event: messageJson(EventSchema, event) } } : { text: eventLine(event) });
}

/** Prints events as they come, and answers the line about the run's end. */
export async function printUntilEnd(
  { channel }: StateConnection,
  range: EventRange,
  context: CommandContext,
): Promise<CommandResult> {
  const run = await followEvents(channel, range, context, (event) => printEvent(context.out, event));
  return { json: { run: messageJson(RunSchema, run) }, text: endLine(run) };
}
