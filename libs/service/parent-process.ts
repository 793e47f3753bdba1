import type { RpcAddresses } from '#libs/rpc/server-options.ts';
import type { ServiceName } from './listen-config.ts';

/** What services that were forked tell the process that did it. */
export interface ReadyMessage {
  /** Where each of them is. */
  readonly ready: Readonly<Record<ServiceName, RpcAddresses>>;
}

/** Tells the process that forked this one. Where none did, nobody is told. */
export function tellParent(process: NodeJS.Process, message: object): void {
  // Who has gone away need not be told.
  process.send?.(message, undefined, undefined, () => undefined);
}

/** Asks this process to end when the one that forked it has gone away. Where none did, nothing happens. */
export function followParent(process: NodeJS.Process): void {
  if (process.connected) process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
}
