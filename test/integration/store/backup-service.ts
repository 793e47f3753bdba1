import { createHash } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { pino } from 'pino';
import { type BackupResponse, BackupResponseSchema, SystemService } from '#gen/millrace/common/v1/system_service_pb.ts';
import { createDevelopmentAuthenticator } from '#libs/auth/development-authenticator.ts';
import { createRpcServer } from '#libs/rpc/server.ts';
import type { RpcServer } from '#libs/rpc/server-options.ts';
import { bindService } from '#libs/rpc/service-binding.ts';
import type { BackupSource } from '#libs/store/backup/backup.ts';
import { streamBackup } from '#libs/store/backup/stream-backup.ts';

/** Faults that a test asks for. */
export interface BackupFaults {
  /** Ends the stream well, without its trailer. */
  readonly isCut?: boolean;
  /** Waits for ever after the first chunk. */
  readonly isHanging?: boolean;
}

/** A server that answers SystemService.Backup with the copy of a store, as a service does. */
export async function serveBackup(source: BackupSource, faults: BackupFaults = {}): Promise<RpcServer> {
  return await createRpcServer({
    services: [
      bindService(SystemService, {
        backup: {
          ping: () => responseOf({ case: 'ping', value: true }),
          async handle({ label, chunkSize }, { signal }, out) {
            const now = Date.now();
            const { service, store } = source;
            const header = { label, service, version: '1.2.3', format: store.meta.format };
            const snapshotTime = timestampFromMs(now);
            await out.send(
              create(BackupResponseSchema, { part: { case: 'header', value: { ...header, snapshotTime } } }),
            );
            const hash = createHash('sha256');
            let size = 0;
            let phase = '';
            const options = {
              version: '1.2.3',
              signal,
              now,
              label,
              ...(chunkSize === undefined ? {} : { chunkBytes: chunkSize }),
              onProgress: (progress: { readonly phase: string }) => void (phase = progress.phase),
            };
            for await (const chunk of streamBackup(source, options)) {
              hash.update(chunk);
              size += chunk.length;
              await out.send(responseOf({ case: 'chunk', value: chunk }));
              const progress = { bytesDone: BigInt(size), phase };
              await out.send(create(BackupResponseSchema, { part: { case: 'progress', value: progress } }));
              if (faults.isHanging === true) {
                await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
                return;
              }
            }
            if (faults.isCut !== true) {
              const trailer = { size: BigInt(size), sha256: hash.digest() };
              await out.send(create(BackupResponseSchema, { part: { case: 'trailer', value: trailer } }));
            }
          },
        },
      }),
    ],
    grpcListen: '127.0.0.1:0',
    httpListen: '127.0.0.1:0',
    authenticator: createDevelopmentAuthenticator(),
    log: pino({ level: 'silent' }),
  });
}

function responseOf(part: BackupResponse['part']): BackupResponse {
  return create(BackupResponseSchema, { part });
}
