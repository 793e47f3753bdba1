import type { RpcAddresses } from '#libs/rpc/server-options.ts';
import type { ServiceName } from '#libs/service/listen-config.ts';

/** What the welcome tells about. */
export interface WelcomeFacts {
  readonly version: string;
  /** From the start of the process until all services were ready. */
  readonly readyMs: number;
  /** Where the data is, without secrets. */
  readonly store: string;
  readonly isTls: boolean;
  /** Whether calls need tokens. */
  readonly hasTokens: boolean;
  readonly addresses: Readonly<Record<ServiceName, RpcAddresses>>;
}

const NO_TOKENS = 'There are no tokens: whoever works on this machine may do everything, and nobody else is served.';
const TOKENS = 'Every call needs a token: that of MILLRACE_ROOT_TOKEN, or one that `millrace token create` makes.';

/** The text for somebody who just started everything: where it is and what to type next. */
export function renderWelcome({ version, readyMs, store, isTls, hasTokens, addresses }: WelcomeFacts): string {
  const scheme = isTls ? 'https' : 'http';
  const services = Object.entries(addresses);
  const width = Math.max(...services.map(([, { grpc }]) => grpc.length));
  const rows = services.map(
    ([service, { grpc, http }]) => `  ${service.padEnd(8)}  gRPC ${grpc.padEnd(width)}  HTTP ${scheme}://${http}`,
  );
  return `Millrace ${version} is ready after ${(readyMs / 1_000).toFixed(1)} s, with its data in ${store}.

${rows.join('\n')}

${hasTokens ? TOKENS : NO_TOKENS}
Ask it something:

  curl -s ${scheme}://${addresses.state.http}/millrace.common.v1.SystemService/GetInfo -H 'content-type: application/json'${hasTokens ? ' -H "authorization: Bearer $MILLRACE_ROOT_TOKEN"' : ''} -d '{}'

Ctrl-C drains and ends it; a second Ctrl-C ends it at once.
`;
}
