import { createHash } from 'node:crypto';
import {
  type BackupHeader,
  type BackupResponse,
  type BackupTrailer,
  SystemService,
} from '#gen/millrace/common/v1/system_service_pb.ts';
import { boolean, filePath, text } from '#libs/config/text-types.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { type Command, defineCommand } from '../command.ts';
import { CONNECTION_OPTIONS, openConnection } from '../connection.ts';
import { createPartialFile, type PartialFile } from '../partial-file.ts';
import { describeBytes, type Terminal } from '../terminal.ts';

/** `millrace admin backup`: the service that owns a store copies it while it runs, and this writes the copy to a file. */
export const BACKUP_COMMAND: Command = defineCommand({
  name: 'admin backup',
  summary: 'copy everything that a running service keeps into a file',
  notes:
    'The service goes on working meanwhile. The file gets its name only once it is whole and on disk.\n' +
    'A state service and a registry keep different things: back up both.',
  options: {
    ...CONNECTION_OPTIONS,
    to: { type: filePath(), doc: 'the file to write', isRequired: true },
    label: { type: text('text'), doc: 'a name that the backup carries' },
    overwrite: { type: boolean(), doc: 'replace a file of that name' },
  },
  async run(values, { terminal, env, signal }) {
    const { to, label = '', overwrite } = values;
    await using channel = await openConnection(values, env);
    await using file = await createPartialFile(to, overwrite === true);
    const responses = createClient(SystemService, channel).backup({ label }, { signal });
    const { header, size } = await writeBackup(responses, file, terminal);
    signal.throwIfAborted();
    await file.keep();
    const { service, version } = header;
    return {
      json: { file: to, bytes: size, service, version, label },
      text: `${to}: ${describeBytes(size)} of the ${service} service ${version}`,
    };
  },
});

/**
 * Writes the copy to the file.
 *
 * @throws DATA_CORRUPTION when it is not what the service sent, or not all of it.
 */
async function writeBackup(
  responses: AsyncIterable<BackupResponse>,
  file: PartialFile,
  terminal: Terminal,
): Promise<{ readonly header: BackupHeader; readonly size: number }> {
  const hash = createHash('sha256');
  let header: BackupHeader | undefined;
  let trailer: BackupTrailer | undefined;
  let size = 0;
  for await (const { part } of responses) {
    switch (part.case) {
      case 'header':
        header = part.value;
        break;
      case 'chunk':
        hash.update(part.value);
        size += part.value.length;
        await file.write(part.value);
        break;
      case 'progress':
        terminal.progress(`${part.value.phase}: ${describeBytes(size)}`);
        break;
      case 'trailer':
        trailer = part.value;
        break;
      default:
    }
  }
  if (header === undefined || trailer === undefined) {
    throw new DomainError('DATA_CORRUPTION', 'the service ended the backup before it was whole');
  }
  if (Number(trailer.size) !== size || !hash.digest().equals(trailer.sha256)) {
    throw new DomainError('DATA_CORRUPTION', 'the backup that arrived is not the one that the service sent');
  }
  return { header, size };
}
