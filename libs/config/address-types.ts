import { isIPv4, isIPv6 } from 'node:net';
import type { ValueType } from './value-type.ts';

/** A host and a port, taken apart. */
export interface HostPort {
  /** A name or an address, an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
}

/** Takes `host:port` apart, `[::1]:7400` included; undefined when it is something else. */
export function maybeHostPort(raw: string): HostPort | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(raw);
  const [, inBrackets, plain, digits] = match ?? [];
  const port = Number(digits);
  const host = inBrackets ?? plain;
  if (host === undefined || !(port <= 65_535)) {
    return undefined;
  }
  const isHost = inBrackets === undefined ? isIPv4(host) || isHostName(host) : isIPv6(inBrackets);
  return isHost ? { host, port } : undefined;
}

function isHostName(host: string): boolean {
  // Something that looks like an IPv4 address and is none, such as 127.0.0.256, is not meant as a name.
  return /^(?![\d.]+$)[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(host) && host.length <= 253;
}

/** Where to listen: `host:port`; port 0 takes a free one. */
export function listenAddress(): ValueType<string> {
  return {
    placeholder: 'host:port',
    rule: 'host:port with a port from 0 to 65535, such as 127.0.0.1:7400 or [::1]:7400',
    parse: (raw) => (maybeHostPort(raw) === undefined ? undefined : raw),
    format: (value) => value,
  };
}

/** Where to connect: `host:port`. */
export function peerAddress(): ValueType<string> {
  return {
    placeholder: 'host:port',
    rule: 'host:port with a port from 1 to 65535, such as 127.0.0.1:7400 or state.internal:7400',
    parse: (raw) => ((maybeHostPort(raw)?.port ?? 0) > 0 ? raw : undefined),
    format: (value) => value,
  };
}

/** A web origin: scheme, host and perhaps a port, or `*` for every one. */
export function webOrigin(): ValueType<string> {
  return {
    placeholder: 'origin',
    rule: '* or an origin such as https://console.example.com',
    parse: (raw) => (raw === '*' || isOrigin(raw) ? raw : undefined),
    format: (value) => value,
  };
}

function isOrigin(raw: string): boolean {
  return /^https?:\/\//.test(raw) && URL.canParse(raw) && new URL(raw).origin === raw;
}
