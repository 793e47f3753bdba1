import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { StartError } from '#libs/lifecycle/start-error.ts';
import type { TlsMaterial } from '#libs/rpc/server-options.ts';
import type { CommonConfig } from './common-config.ts';

/**
 * Reads the files for TLS; undefined when none are set.
 *
 * @throws StartError that names the variable and the file when one cannot be read or is not what it should be.
 */
export function maybeReadTls(config: CommonConfig): TlsMaterial | undefined {
  if (config.tlsCertFile === undefined || config.tlsKeyFile === undefined) {
    return undefined;
  }
  const cert = readPem('MILLRACE_TLS_CERT_FILE', config.tlsCertFile);
  const key = readPem('MILLRACE_TLS_KEY_FILE', config.tlsKeyFile);
  assertUsable('MILLRACE_TLS_CERT_FILE and MILLRACE_TLS_KEY_FILE', { cert, key });
  if (config.tlsClientCaFile === undefined) {
    return { cert, key };
  }
  const clientCa = readPem('MILLRACE_TLS_CLIENT_CA_FILE', config.tlsClientCaFile);
  assertUsable('MILLRACE_TLS_CLIENT_CA_FILE', { ca: clientCa });
  return { cert, key, clientCa };
}

function readPem(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new StartError(`${variable}: ${path} cannot be read (${code})`, { cause: error });
  }
}

function assertUsable(variables: string, material: { cert?: string; key?: string; ca?: string }): void {
  try {
    createSecureContext(material);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(`${variables}: not usable for TLS: ${reason}`, { cause: error });
  }
}
