import { type DeadLetter, DeadLetterSchema } from '#gen/millrace/state/v1/dead_letter_pb.ts';
import { QueueService } from '#gen/millrace/state/v1/queue_service_pb.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { listPages, PAGE_OPTIONS, pageLimit } from '../calls/list-pages.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { deadLetterTable } from '../text/item-text.ts';
import { FILTER_OPTIONS, maybeFilter } from './dead-letter-options.ts';

/** `millrace dead-letter list`: shows the newest dead letters that a filter leaves. */
export const LIST_DEAD_LETTERS_COMMAND: Command = defineCommand({
  name: 'dead-letter list',
  summary: 'list work items that nobody tries any more, the newest first',
  options: { ...FILTER_OPTIONS, ...PAGE_OPTIONS, ...STATE_OPTIONS },
  check: ({ limit, all }) => (limit !== undefined && all === true ? ['--limit, --all: only one of them'] : []),
  async run(values, context) {
    const nowMs = context.wallMs();
    const filter = maybeFilter(values, nowMs);
    await using state = await openState(values, context);
    const queues = createClient(QueueService, state.channel);
    const { items, more } = await listPages<DeadLetter>(pageLimit(values), async (pageSize, pageToken) => {
      const request = { tenantId: state.tenantId, pageSize, pageToken, ...(filter === undefined ? {} : { filter }) };
      const page = await queues.listDeadLetters(request, { signal: context.signal });
      return { items: page.deadLetters, nextPageToken: page.nextPageToken };
    });
    if (items.length === 0) context.terminal.note('no dead letters');
    context.out.print({
      json: { deadLetters: items.map((letter) => messageJson(DeadLetterSchema, letter)), more },
      text: deadLetterTable(items, nowMs),
    });
    if (more) context.terminal.note('there are more: --limit N or --all shows them');
    return {};
  },
});
