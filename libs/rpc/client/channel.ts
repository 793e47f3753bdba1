import { Channel, type ChannelCredentials, type ChannelOptions, credentials, Metadata } from '@grpc/grpc-js';
import { DomainError } from '#libs/errors/domain-error.ts';
import { type ChannelTls, completeChannelOptions, type RpcChannelOptions } from './channel-options.ts';

/** A call of grpc-js below its stubs: bytes in and out, one read at a time. */
export type GrpcCall = ReturnType<Channel['createCall']>;

/**
 * What grpc-js keeps of a call to repeat it. It takes messages without waiting until this is full and walks over all it
 * keeps for each of them, so that with its own default of 1 MiB a stream of small messages costs ten times the CPU.
 * Larger requests go without its own repeats.
 */
const REPEAT_BUFFER_BYTES = 16 * 1024;

/** How much of a stream may be under way unread: at 10 ms there and back, 100 MiB a second. */
const WINDOW_BYTES = 1024 * 1024;

/** A way to a service that many clients may share. Disposing closes it. */
export interface RpcChannel extends AsyncDisposable {
  readonly address: string;
  /** The largest message either way. */
  readonly maxMessageBytes: number;
  /**
   * Makes a call that is not started yet. `deadline` is a point in time as `Date.now()` counts, or Infinity.
   *
   * @throws CALLER_GONE when the channel is closed.
   */
  createCall(path: string, deadline: number): GrpcCall;
  /** The metadata that every call carries. It is shared: whoever adds to it clones it first. */
  metadata(): Metadata;
  /** Takes no new calls; those under way may finish. Safe to call again. */
  close(): void;
}

/**
 * Makes a channel. It connects at its first call.
 *
 * Reconnecting is grpc-js's own: after a failed attempt it waits `reconnectMinMs`, then 1.6 times longer each time,
 * ± 20 % at random, up to `reconnectMaxMs`; a connection that stood starts the row anew. Meanwhile calls fail at once
 * with UNAVAILABLE, and clients repeat those that are safe to repeat. grpc-js itself repeats only what never reached
 * the handlers of the server. Retry policies that DNS might name are not looked at, nor are proxies in the environment.
 *
 * @throws INVALID_FIELDS for options that are out of range, unknown or contradictory.
 */
export function createChannel(options: RpcChannelOptions): RpcChannel {
  const { address, tls, token, maxMessageBytes, ...rest } = completeChannelOptions(options);
  const grpcOptions: ChannelOptions = {
    'grpc.keepalive_time_ms': rest.keepaliveMs,
    'grpc.keepalive_timeout_ms': rest.keepaliveTimeoutMs,
    'grpc.keepalive_permit_without_calls': rest.keepaliveWhenIdle ? 1 : 0,
    'grpc.initial_reconnect_backoff_ms': rest.reconnectMinMs,
    'grpc.max_reconnect_backoff_ms': rest.reconnectMaxMs,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.per_rpc_retry_buffer_size': REPEAT_BUFFER_BYTES,
    'grpc-node.flow_control_window': WINDOW_BYTES,
    // Connections that channels share would outlive the channel that is closed.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.enable_channelz': 0,
    ...(tls?.serverName === undefined ? {} : { 'grpc.ssl_target_name_override': tls.serverName }),
  };
  const channel = new Channel(address, credentialsOf(tls), grpcOptions);
  let isClosed = false;
  let lastToken: string | undefined;
  let lastMetadata = new Metadata();

  function close(): void {
    if (!isClosed) {
      isClosed = true;
      channel.close();
    }
  }

  return {
    address,
    maxMessageBytes,
    createCall(path, deadline) {
      if (isClosed) {
        throw new DomainError('CALLER_GONE', `the channel to ${address} is closed`);
      }
      return channel.createCall(path, deadline, undefined, null, undefined);
    },
    metadata() {
      const current = typeof token === 'function' ? token() : token;
      if (current !== lastToken) {
        lastMetadata = new Metadata();
        if (current !== undefined && current !== '') {
          lastMetadata.set('authorization', `Bearer ${current}`);
        }
        lastToken = current;
      }
      return lastMetadata;
    },
    close,
    async [Symbol.asyncDispose]() {
      close();
    },
  };
}

function credentialsOf(tls: ChannelTls | undefined): ChannelCredentials {
  if (tls === undefined) {
    return credentials.createInsecure();
  }
  return credentials.createSsl(bytesOf(tls.ca), bytesOf(tls.key), bytesOf(tls.cert));
}

function bytesOf(pem: string | undefined): Buffer | null {
  return pem === undefined ? null : Buffer.from(pem);
}
