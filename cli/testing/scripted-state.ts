import type { DescService } from '@bufbuild/protobuf';
import { pino } from 'pino';
import { DefinitionService } from '#gen/millrace/state/v1/definition_service_pb.ts';
import { DispatchService } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { EventLogService } from '#gen/millrace/state/v1/event_log_service_pb.ts';
import { PayloadService } from '#gen/millrace/state/v1/payload_service_pb.ts';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { SignalService } from '#gen/millrace/state/v1/signal_service_pb.ts';
import { createDevelopmentAuthenticator } from '#libs/auth/development-authenticator.ts';
import type { ServiceHandlers } from '#libs/rpc/handler.ts';
import { createRpcServer } from '#libs/rpc/server.ts';
import { bindService } from '#libs/rpc/service-binding.ts';

/** What a test says in place of a state service. */
export interface Script {
  readonly runs?: ServiceHandlers<typeof RunService>;
  readonly events?: ServiceHandlers<typeof EventLogService>;
  readonly signals?: ServiceHandlers<typeof SignalService>;
  readonly dispatch?: ServiceHandlers<typeof DispatchService>;
  readonly definitions?: ServiceHandlers<typeof DefinitionService>;
  readonly payloads?: ServiceHandlers<typeof PayloadService>;
}

/** A state service that answers what a test says; what it does not say is NOT_BUILT. */
export interface ScriptedState extends AsyncDisposable {
  readonly address: string;
}

/** Serves a script on a free port. */
export async function serveScript(script: Script): Promise<ScriptedState> {
  const server = await createRpcServer({
    services: [
      bindScript(RunService, script.runs),
      bindScript(EventLogService, script.events),
      bindScript(SignalService, script.signals),
      bindScript(DispatchService, script.dispatch),
      bindScript(DefinitionService, script.definitions),
      bindScript(PayloadService, script.payloads),
    ],
    grpcListen: '127.0.0.1:0',
    httpListen: '127.0.0.1:0',
    authenticator: createDevelopmentAuthenticator(),
    log: pino({ level: 'silent' }),
  });
  return { address: server.addresses.grpc, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function bindScript<S extends DescService>(service: S, handlers: ServiceHandlers<S> | undefined) {
  return bindService(service, handlers ?? ({} as ServiceHandlers<S>));
}
