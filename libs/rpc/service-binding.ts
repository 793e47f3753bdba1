import {
  type DescMessage,
  type DescMethod,
  type DescService,
  getOption,
  hasOption,
  type Message,
} from '@bufbuild/protobuf';
import { access } from '#gen/millrace/common/v1/options_pb.ts';
import type { Role } from '#libs/auth/roles.ts';
import type {
  BidiHandler,
  ClientStreamHandler,
  PingedHandler,
  ServerStreamHandler,
  ServiceHandlers,
  UnaryHandler,
} from './handler.ts';
import { maybeRoleFromProto } from './role-from-proto.ts';

/** How a method's handler is called. */
export type BoundHandler =
  | { readonly kind: 'unary'; readonly handle: UnaryHandler<Message, Message> }
  | { readonly kind: 'client_streaming'; readonly handle: ClientStreamHandler<Message, Message> }
  | {
      readonly kind: 'server_streaming';
      readonly handle: ServerStreamHandler<Message, Message>;
      readonly ping: (() => Message) | undefined;
    }
  | {
      readonly kind: 'bidi_streaming';
      readonly handle: BidiHandler<Message, Message>;
      readonly ping: (() => Message) | undefined;
    };

/** A method with all that the doors need to serve it. */
export interface MethodBinding {
  readonly method: DescMethod;
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Who may call it; `everyone` needs no authentication and is for probes. */
  readonly allowed: ReadonlySet<Role> | 'everyone';
  /** Absent: not built yet. */
  readonly handler: BoundHandler | undefined;
  /** Whether the request has a `tenant_id`. */
  readonly isTenantScoped: boolean;
}

/** A service with its handlers, ready to be served through any door. */
export interface ServiceBinding {
  readonly service: DescService;
  readonly methods: readonly MethodBinding[];
}

/** What the options of the protos cannot say about services that are not ours. */
export interface BindOptions {
  /** Overrides the methods' own access option: for health and reflection, whose protos have none. */
  readonly allowed?: ReadonlySet<Role> | 'everyone';
}

/** The roles that a method's access option names; none where it has no such option, and so nobody may call it. */
export function rolesOfMethod(method: DescMethod): ReadonlySet<Role> {
  if (!hasOption(method, access)) {
    return new Set();
  }
  const roles = getOption(method, access).roles.map(maybeRoleFromProto);
  return new Set(roles.filter((role) => role !== undefined));
}

/** Binds handlers to the methods of a service. */
export function bindService<S extends DescService>(
  service: S,
  handlers: ServiceHandlers<S>,
  options: BindOptions = {},
): ServiceBinding {
  const byName = handlers as Readonly<Record<string, unknown>>;
  return {
    service,
    methods: service.methods.map((method) => ({
      method,
      path: `/${service.typeName}/${method.name}`,
      allowed: options.allowed ?? rolesOfMethod(method),
      handler: bindHandler(method, byName[method.localName]),
      isTenantScoped: hasTenant(method.input),
    })),
  };
}

function hasTenant(input: DescMessage): boolean {
  return input.fields.some((field) => field.name === 'tenant_id' && field.number === 1);
}

function bindHandler(method: DescMethod, handler: unknown): BoundHandler | undefined {
  if (handler === undefined) {
    return undefined;
  }
  // The type of `handlers` ties each function to its method's kind, which the loop over descriptors cannot see.
  switch (method.methodKind) {
    case 'unary':
      return { kind: 'unary', handle: handler as UnaryHandler<Message, Message> };
    case 'client_streaming':
      return { kind: 'client_streaming', handle: handler as ClientStreamHandler<Message, Message> };
    case 'server_streaming':
      return { kind: 'server_streaming', ...unwrapPing(handler as ServerStreamHandler<Message, Message>) };
    case 'bidi_streaming':
      return { kind: 'bidi_streaming', ...unwrapPing(handler as BidiHandler<Message, Message>) };
  }
}

function unwrapPing<H extends (...args: never[]) => unknown>(
  handler: H | PingedHandler<H, Message>,
): { handle: H; ping: (() => Message) | undefined } {
  return typeof handler === 'function' ? { handle: handler, ping: undefined } : handler;
}
