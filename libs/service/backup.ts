import { createHash } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type BackupRequest,
  type BackupResponse,
  BackupResponseSchema,
} from '#gen/millrace/common/v1/system_service_pb.ts';
import type { PingedHandler, ServerStreamHandler } from '#libs/rpc/handler.ts';
import type { BackupProgress, BackupSource } from '#libs/store/backup/backup.ts';
import { streamBackup } from '#libs/store/backup/stream-backup.ts';
import { VERSION } from './version.ts';

/** Progress is told this often at the most. */
const PROGRESS_EVERY_MS = 250;

type BackupPart = NonNullable<Parameters<typeof create<typeof BackupResponseSchema>>[1]>['part'];

/** SystemService.Backup: streams a copy of everything that the service keeps, with the hash of all of it at the end. */
export function createBackup(
  source: BackupSource,
  nowMs: () => number,
): PingedHandler<ServerStreamHandler<BackupRequest, BackupResponse>, BackupResponse> {
  return {
    ping: () => answer({ case: 'ping', value: true }),
    async handle({ label, chunkSize }, { signal }, out) {
      const now = nowMs();
      const hash = createHash('sha256');
      let size = 0;
      let progress: BackupProgress | undefined;
      let toldAt = 0;
      const { service, store } = source;
      await out.send(
        answer({
          case: 'header',
          value: { label, service, version: VERSION, format: store.meta.format, snapshotTime: timestampFromMs(now) },
        }),
      );
      const chunks = streamBackup(source, {
        version: VERSION,
        signal,
        now,
        label,
        ...(chunkSize === undefined ? {} : { chunkBytes: chunkSize }),
        onProgress: (reached) => {
          progress = reached;
        },
      });
      for await (const chunk of chunks) {
        hash.update(chunk);
        size += chunk.length;
        await out.send(answer({ case: 'chunk', value: chunk }));
        if (progress !== undefined && performance.now() - toldAt >= PROGRESS_EVERY_MS) {
          toldAt = performance.now();
          const { phase, bytesDone } = progress;
          await out.send(answer({ case: 'progress', value: { phase, bytesDone: BigInt(bytesDone) } }));
        }
      }
      await out.send(answer({ case: 'trailer', value: { size: BigInt(size), sha256: hash.digest() } }));
    },
  };
}

function answer(part: NonNullable<BackupPart>): BackupResponse {
  return create(BackupResponseSchema, { part });
}
