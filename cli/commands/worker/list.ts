import { timestampMs } from '@bufbuild/protobuf/wkt';
import { DispatchService } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { type Worker, WorkerSchema } from '#gen/millrace/state/v1/worker_pb.ts';
import { text } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { listPages, PAGE_OPTIONS, pageLimit } from '../calls/list-pages.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { type Row, renderTable } from '../text/table.ts';
import { describeAge } from '../text/times.ts';

const TITLES: Row = ['WORKER', 'STATE', 'SLOTS', 'QUEUES', 'TAGS', 'RUNS', 'SDK', 'HEARD'];

/** `millrace worker list`: shows the workers that are connected. */
export const LIST_WORKERS_COMMAND: Command = defineCommand({
  name: 'worker list',
  summary: 'list connected workers',
  options: {
    queue: { type: text('queue'), doc: 'only those that take from this queue' },
    workflow: { type: text('workflow'), doc: 'only those that run this workflow' },
    ...PAGE_OPTIONS,
    ...STATE_OPTIONS,
  },
  check: ({ limit, all }) => (limit !== undefined && all === true ? ['--limit, --all: only one of them'] : []),
  async run(values, context) {
    const { queue = '', workflow = '' } = values;
    await using state = await openState(values, context);
    const { tenantId, channel } = state;
    const dispatch = createClient(DispatchService, channel);
    const { items, more } = await listPages<Worker>(pageLimit(values), async (pageSize, pageToken) => {
      const request = { tenantId, pageSize, pageToken, queue, workflow };
      const page = await dispatch.listWorkers(request, { signal: context.signal });
      return { items: page.workers, nextPageToken: page.nextPageToken };
    });
    if (items.length === 0) {
      context.terminal.note('no workers');
    }
    const nowMs = context.wallMs();
    context.out.print({
      json: { workers: items.map((worker) => messageJson(WorkerSchema, worker)), more },
      text:
        items.length === 0
          ? ''
          : renderTable(
              TITLES,
              items.map((worker) => rowOf(worker, nowMs)),
            ),
    });
    if (more) {
      context.terminal.note('there are more: --limit N or --all shows them');
    }
    return {};
  },
});

function rowOf(worker: Worker, nowMs: number): Row {
  const { workerId, draining, leased, slots, queues, tags, definitions, sdk, heartbeatTime } = worker;
  return [
    workerId,
    draining ? 'draining' : 'ready',
    `${leased}/${slots}`,
    queues.join(','),
    tags.join(','),
    definitions.map((one) => `${one.workflow} ${one.version}`).join(', '),
    sdk,
    heartbeatTime === undefined ? '' : describeAge(timestampMs(heartbeatTime), nowMs),
  ];
}
