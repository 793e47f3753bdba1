import { toJsonString } from '@bufbuild/protobuf';
import { DefinitionService, DefinitionView } from '#gen/millrace/state/v1/definition_service_pb.ts';
import { DefinitionStateSchema, StoredDefinitionSchema } from '#gen/millrace/state/v1/stored_definition_pb.ts';
import { DefinitionSchema } from '#gen/millrace/workflow/v1/definition_pb.ts';
import { text } from '#libs/config/text-types.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { answered } from '../calls/answered.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { enumName, messageJson } from '../json/message-json.ts';
import { renderFields } from '../text/table.ts';
import { describeMoment } from '../text/times.ts';

/** `millrace definition get`: shows a stored definition. */
export const GET_DEFINITION_COMMAND: Command = defineCommand({
  name: 'definition get',
  summary: 'show a stored definition',
  args: { workflow: { type: text(), doc: "the workflow's name", isRequired: true } },
  options: { version: { type: text('version'), doc: 'by default the active one' }, ...STATE_OPTIONS },
  async run({ workflow, version = '', ...connection }, context) {
    await using state = await openState(connection, context);
    const answer = await createClient(DefinitionService, state.channel).getDefinition(
      { tenantId: state.tenantId, workflow, version, view: DefinitionView.FULL },
      { signal: context.signal },
    );
    const stored = answered(answer.definition, 'the definition');
    const definition = answered(stored.definition, 'its content');
    const nowMs = context.wallMs();
    return {
      json: { definition: messageJson(StoredDefinitionSchema, stored) },
      text: renderFields([
        ['Workflow', definition.workflow],
        ['Version', `${definition.version}${stored.active ? ' (active)' : ''}`],
        ['State', enumName(DefinitionStateSchema, stored.state)],
        ['Hash', stored.definitionHash],
        ['Package', stored.package],
        ['Open runs', String(stored.unfinishedRuns)],
        ['Workers', String(stored.announcedBy)],
        ['Stored', stored.createTime && describeMoment(stored.createTime, nowMs)],
        ['Content', toJsonString(DefinitionSchema, definition, { prettySpaces: 2 })],
      ]),
    };
  },
});
