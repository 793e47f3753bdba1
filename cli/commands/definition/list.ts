import { timestampMs } from '@bufbuild/protobuf/wkt';
import { DefinitionService } from '#gen/millrace/state/v1/definition_service_pb.ts';
import {
  DefinitionStateSchema,
  type StoredDefinition,
  StoredDefinitionSchema,
} from '#gen/millrace/state/v1/stored_definition_pb.ts';
import { boolean, text } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { listPages, PAGE_OPTIONS, pageLimit } from '../calls/list-pages.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { enumName, messageJson } from '../json/message-json.ts';
import { type Row, renderTable } from '../text/table.ts';
import { describeAge } from '../text/times.ts';

const TITLES: Row = ['WORKFLOW', 'VERSION', 'ACTIVE', 'STATE', 'OPEN RUNS', 'WORKERS', 'STORED'];

/** `millrace definition list`: shows which definitions are stored. */
export const LIST_DEFINITIONS_COMMAND: Command = defineCommand({
  name: 'definition list',
  summary: 'list stored definitions by workflow, the newest first',
  options: {
    workflow: { type: text('workflow'), doc: 'only of this workflow' },
    active: { type: boolean(), doc: 'only active ones' },
    ...PAGE_OPTIONS,
    ...STATE_OPTIONS,
  },
  check: ({ limit, all }) => (limit !== undefined && all === true ? ['--limit, --all: only one of them'] : []),
  async run(values, context) {
    await using state = await openState(values, context);
    const { tenantId, channel } = state;
    const definitions = createClient(DefinitionService, channel);
    const filter = { workflow: values.workflow ?? '', activeOnly: values.active === true };
    const { items, more } = await listPages<StoredDefinition>(pageLimit(values), async (pageSize, pageToken) => {
      const page = await definitions.listDefinitions(
        { tenantId, filter, pageSize, pageToken },
        { signal: context.signal },
      );
      return { items: page.definitions, nextPageToken: page.nextPageToken };
    });
    if (items.length === 0) {
      context.terminal.note('no definitions');
    }
    const nowMs = context.wallMs();
    context.out.print({
      json: { definitions: items.map((one) => messageJson(StoredDefinitionSchema, one)), more },
      text:
        items.length === 0
          ? ''
          : renderTable(
              TITLES,
              items.map((one) => rowOf(one, nowMs)),
            ),
    });
    if (more) {
      context.terminal.note('there are more: --limit N or --all shows them');
    }
    return {};
  },
});

function rowOf(stored: StoredDefinition, nowMs: number): Row {
  const { definition, active, state, unfinishedRuns, announcedBy, createTime } = stored;
  return [
    definition?.workflow ?? '',
    definition?.version ?? '',
    active ? 'yes' : '',
    enumName(DefinitionStateSchema, state),
    String(unfinishedRuns),
    String(announcedBy),
    createTime === undefined ? '' : describeAge(timestampMs(createTime), nowMs),
  ];
}
