import { readFile } from 'node:fs/promises';
import { create, fromJsonString } from '@bufbuild/protobuf';
import { DefinitionService } from '#gen/millrace/state/v1/definition_service_pb.ts';
import { StoredDefinitionSchema } from '#gen/millrace/state/v1/stored_definition_pb.ts';
import { type Definition, DefinitionSchema } from '#gen/millrace/workflow/v1/definition_pb.ts';
import { boolean, filePath, text } from '#libs/config/text-types.ts';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { answered } from '../calls/answered.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageJson } from '../json/message-json.ts';

/** `millrace definition put`: stores a definition from a file. */
export const PUT_DEFINITION_COMMAND: Command = defineCommand({
  name: 'definition put',
  summary: 'store a definition from a JSON file',
  notes:
    'The file is a millrace.workflow.v1.Definition in the JSON of Protobuf, such as\n' +
    '{"workflow": "order", "version": "1", "function": {}}. With --opaque it is the document of a foreign runtime.',
  args: { file: { type: filePath(), doc: 'the file to read', isRequired: true } },
  options: {
    activate: { type: boolean(), doc: 'make it the version that runs are started with' },
    opaque: { type: boolean(), doc: 'the file is any JSON document, for runs that a foreign runtime drives' },
    workflow: { type: text('workflow'), doc: 'the name of what --opaque stores' },
    version: { type: text('version'), doc: 'the version of what --opaque stores' },
    hash: { type: text('hash'), doc: "its hash: with --opaque the runtime's own, else it is compared" },
    ...STATE_OPTIONS,
  },
  check: ({ opaque, workflow, version }) => {
    const names = { '--workflow': workflow, '--version': version };
    const wrong = Object.entries(names).filter(([, value]) => (value !== undefined) !== (opaque === true));
    return wrong.map(([name]) => (opaque === true ? `${name}: is missing` : `${name}: only with --opaque`));
  },
  async run(values, context) {
    const { file, opaque, workflow = '', version = '' } = values;
    const content = await readFile(file, 'utf8').catch((error: unknown) => {
      throw new StartError(`the file ${file} cannot be read`, { cause: error });
    });
    const definition = opaque === true ? opaqueOf(workflow, version, content) : parseDefinition(file, content);
    await using state = await openState(values, context);
    const answer = await createClient(DefinitionService, state.channel).putDefinition(
      {
        tenantId: state.tenantId,
        definition,
        definitionHash: values.hash ?? '',
        activate: values.activate === true,
      },
      { signal: context.signal },
    );
    const stored = answered(answer.definition, 'the definition');
    const how = answer.created ? 'stored' : 'was stored before';
    return {
      json: { created: answer.created, definition: messageJson(StoredDefinitionSchema, stored) },
      text: `${definition.workflow} ${definition.version} ${how}${stored.active ? ', and is active' : ''}`,
    };
  },
});

function opaqueOf(workflow: string, version: string, json: string): Definition {
  const content = { case: 'opaque', value: { value: { case: 'json', value: json } } } as const;
  return create(DefinitionSchema, { workflow, version, content });
}

function parseDefinition(file: string, text: string): Definition {
  try {
    return fromJsonString(DefinitionSchema, text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StartError(`the file ${file} is no definition: ${why}`, { cause: error });
  }
}
