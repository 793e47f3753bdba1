import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import { AttributeOperator } from '#gen/millrace/state/v1/run_filter_pb.ts';
import { type Run, RunSchema } from '#gen/millrace/state/v1/run_pb.ts';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { boolean, choice, list, text } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { attributes } from '../attributes-type.ts';
import { listPages, PAGE_OPTIONS, pageLimit } from '../calls/list-pages.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';
import { runTable } from '../text/run-text.ts';
import { type Moment, moment, msOfMoment, runStatus } from '../value-types.ts';

/** `millrace run list`: shows the newest runs that a filter leaves. */
export const LIST_COMMAND: Command = defineCommand({
  name: 'run list',
  summary: 'list runs, the newest first',
  options: {
    status: { type: list(runStatus()), doc: 'only in one of these states' },
    workflow: { type: text('workflow'), doc: 'only of this workflow' },
    version: { type: text('version'), doc: 'only of this version' },
    prefix: { type: text('id'), doc: 'only runs whose id begins so' },
    parent: { type: text('id'), doc: 'only children of this run' },
    tags: { type: list(text('tag')), doc: 'only with all of these tags' },
    attributes: { type: attributes(), doc: 'only with these attributes' },
    createdAfter: { type: moment(), doc: 'only runs that were created then or later' },
    createdBefore: { type: moment(), doc: 'only runs that were created before' },
    driver: { type: choice('server', 'client'), doc: 'only those that this one advances' },
    replaced: { type: boolean(), doc: 'also incarnations that a later start replaced' },
    ...PAGE_OPTIONS,
    ...STATE_OPTIONS,
  },
  check: ({ limit, all }) => (limit !== undefined && all === true ? ['--limit, --all: only one of them'] : []),
  async run(values, context) {
    const { workflow = '', version = '', prefix = '', parent = '', tags = [], status = [], driver } = values;
    const nowMs = context.wallMs();
    const time = (given: Moment) => timestampFromMs(msOfMoment(given, nowMs));
    await using state = await openState(values, context);
    const runs = createClient(RunService, state.channel);
    const filter = {
      workflow,
      version,
      statuses: [...status],
      tags: [...tags],
      runIdPrefix: prefix,
      parentRunId: parent,
      includeReplaced: values.replaced === true,
      driver: driver === undefined ? Driver.UNSPECIFIED : driver === 'client' ? Driver.CLIENT : Driver.SERVER,
      attributes: Object.entries(values.attributes ?? {}).map(([name, value]) => {
        return { name, operator: AttributeOperator.EQUAL, value };
      }),
      ...(values.createdAfter === undefined ? {} : { minStartTime: time(values.createdAfter) }),
      ...(values.createdBefore === undefined ? {} : { maxStartTime: time(values.createdBefore) }),
    };
    const { items, more } = await listPages<Run>(pageLimit(values), async (pageSize, pageToken) => {
      const start = { case: 'pageToken', value: pageToken } as const;
      const request = { tenantId: state.tenantId, filter, pageSize, start };
      const page = await runs.listRuns(request, { signal: context.signal });
      return { items: page.runs, nextPageToken: page.nextPageToken };
    });
    if (items.length === 0) {
      context.terminal.note('no runs');
    }
    context.out.print({
      json: { runs: items.map((run) => messageJson(RunSchema, run)), more },
      text: runTable(items, nowMs),
    });
    if (more) {
      context.terminal.note('there are more: --limit N or --all shows them');
    }
    return {};
  },
});
