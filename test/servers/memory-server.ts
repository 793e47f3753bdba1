import { join } from 'node:path';
import { serversDir } from './dir.ts';

const probeTimeoutMs = 3000;
const downloadTimeoutMs = 180_000;

/**
 * The path of the mongod that mongodb-memory-server downloads: one that it has already, or a new download when the
 * place it comes from answers within three seconds. Rejects with the reason when there is none for this machine.
 */
export async function memoryServerBinary(): Promise<string> {
  const { DryMongoBinary } = await import('mongodb-memory-server-core/lib/util/DryMongoBinary.js');
  const options = await DryMongoBinary.generateOptions({ downloadDir: join(serversDir(), 'mongod') });
  const existing = await DryMongoBinary.locateBinary(options);
  if (existing !== undefined) return existing;

  const { MongoBinaryDownloadUrl } = await import('mongodb-memory-server-core/lib/util/MongoBinaryDownloadUrl.js');
  const url = await new MongoBinaryDownloadUrl({ ...options, platform: process.platform }).getDownloadUrl();
  const probe = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(probeTimeoutMs) });
  if (!probe.ok) throw new Error(`the download answers ${probe.status}`);

  const { MongoBinary } = await import('mongodb-memory-server-core/lib/util/MongoBinary.js');
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('the download takes too long')), downloadTimeoutMs);
  try {
    return await Promise.race([MongoBinary.getPath(options), promise]);
  } finally {
    clearTimeout(timer);
  }
}
