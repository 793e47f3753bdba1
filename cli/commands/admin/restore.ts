import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { integer } from '#libs/config/number-types.ts';
import { filePath } from '#libs/config/text-types.ts';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { storeUri } from '#libs/service/store-setting.ts';
import { restoreBackup } from '#libs/store/backup/restore-backup.ts';
import { MAX_ERA } from '#libs/store/opening/meta-row.ts';
import { describeStore } from '#libs/store/opening/uri.ts';
import { type Command, defineCommand } from '../command.ts';
import { describeBytes } from '../terminal.ts';
import { openRestoreTarget } from './open-restore-target.ts';

/** `millrace admin restore`: fills an empty store from a file, while no service runs on it. */
export const RESTORE_COMMAND: Command = defineCommand({
  name: 'admin restore',
  summary: 'fill an empty store from a file that admin backup wrote',
  notes:
    'No service may run on the store. The whole file is checked before anything is written; a restore that is\n' +
    'interrupted leaves a store that no service opens, and can be started again. A service is started afterwards.',
  options: {
    from: { type: filePath(), doc: 'the file to read', isRequired: true },
    store: { type: storeUri(), doc: 'the empty store to fill', env: 'MILLRACE_STORE', isRequired: true },
    era: {
      type: integer({ min: 1, max: MAX_ERA }),
      doc:
        "the era of the restored store, by default one above the backup's; a backup that is restored a second time " +
        'needs a higher one than the first time',
    },
  },
  async run({ from, store, era }, { terminal, signal }) {
    const { size } = await stat(from).catch((error: unknown) => {
      throw new StartError(`the file ${from} cannot be read`, { cause: error });
    });
    const restored = await restoreBackup(
      () => createReadStream(from, { highWaterMark: 256 * 1024 }),
      (plan) => openRestoreTarget(store, plan, signal),
      {
        signal,
        ...(era === undefined ? {} : { era }),
        onProgress: ({ phase, bytesDone }) =>
          terminal.progress(`${phase}: ${describeBytes(bytesDone)} of ${describeBytes(size)}`),
      },
    );
    const { header, rows, records, blobs } = restored;
    const place = describeStore(store);
    const counts = { rows, records, blobs };
    const isOneMoment = restored.cut?.isOneMoment ?? true;
    return {
      json: {
        store: place,
        service: header.service,
        version: header.version,
        label: header.label,
        era: restored.era,
        ...counts,
        isOneMoment,
      },
      text: `${place}: ${rows} rows, ${records} journal records and ${blobs} blobs of the ${header.service} service, era ${restored.era}`,
    };
  },
});
