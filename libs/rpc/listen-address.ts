/** Where a door listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** A door could not be opened, by the fault of its address: it is in use, not this machine's, or not permitted. */
export class ListenError extends Error {
  readonly address: string;

  constructor(listen: ListenAddress, detail: string, cause: unknown) {
    const address = formatAddress(listen.host, listen.port);
    super(`cannot listen on ${address}: ${detail}`, { cause });
    this.name = 'ListenError';
    this.address = address;
  }
}

/** `host:port`, with brackets round an IPv6 address. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Parses `host:port` or `[host]:port`; an empty host means all addresses. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new RangeError(`${text} is no listen address: write host:port with a port of 0 to 65535`);
  }
  const host = match[1] ?? match[2] ?? '';
  return { host: host === '' ? '::' : host, port };
}

/** What went wrong when a door was opened, in words that name the address. */
export function bindError(listen: ListenAddress, cause: Error): ListenError {
  const text = `${(cause as NodeJS.ErrnoException).code ?? ''} ${cause.message}`;
  if (text.includes('EADDRINUSE')) {
    return new ListenError(listen, 'the port is in use', cause);
  }
  if (text.includes('EACCES')) {
    return new ListenError(listen, 'not permitted', cause);
  }
  if (text.includes('EADDRNOTAVAIL') || text.includes('ENOTFOUND')) {
    return new ListenError(listen, 'not an address of this machine', cause);
  }
  return new ListenError(listen, cause.message, cause);
}
