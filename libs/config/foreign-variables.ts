/** Names that a table must not use, because Kubernetes injects such variables for every service that it knows. */
const MADE_BY_KUBERNETES = /_SERVICE_|_PORT/;

/** Variables that the tests read. */
const OF_THE_TESTS: ReadonlySet<string> = new Set(['MILLRACE_REQUIRE_SERVERS', 'MILLRACE_SERVERS_DIR']);

/** Variables that the command line reads. Set for a whole shell, they reach every service that is started from it. */
const OF_THE_COMMAND_LINE: ReadonlySet<string> = new Set(['MILLRACE_ADDRESS', 'MILLRACE_TENANT']);

/**
 * The variables of all services. One that belongs to another service is left alone, so that all of them can share
 * one environment; a test holds this list against the tables.
 */
export const MILLRACE_VARIABLES: readonly string[] = [
  'MILLRACE_BUS',
  'MILLRACE_CORS_ORIGINS',
  'MILLRACE_DEFAULT_DEADLINE',
  'MILLRACE_GRACE_PERIOD',
  'MILLRACE_LOG_FORMAT',
  'MILLRACE_LOG_LEVEL',
  'MILLRACE_MAX_DEADLINE',
  'MILLRACE_REGISTRY_ADDRESS',
  'MILLRACE_REGISTRY_GRPC_LISTEN',
  'MILLRACE_REGISTRY_HTTP_LISTEN',
  'MILLRACE_ROOT_TOKEN',
  'MILLRACE_STATE_ADDRESS',
  'MILLRACE_STATE_ADVERTISE',
  'MILLRACE_STATE_GRPC_LISTEN',
  'MILLRACE_STATE_HTTP_LISTEN',
  'MILLRACE_STORE',
  'MILLRACE_STREAM_MAX_AGE',
  'MILLRACE_STREAM_PING_INTERVAL',
  'MILLRACE_TLS_CERT_FILE',
  'MILLRACE_TLS_CLIENT_CA_FILE',
  'MILLRACE_TLS_KEY_FILE',
  'MILLRACE_TOKEN',
  'MILLRACE_WORKER_GRPC_LISTEN',
  'MILLRACE_WORKER_HTTP_LISTEN',
];

/** Whether Kubernetes may make a variable of this name. */
export function isMadeByKubernetes(name: string): boolean {
  return MADE_BY_KUBERNETES.test(name);
}

/** Whether a variable that a program does not know is none of its business. */
export function isForeign(name: string): boolean {
  return (
    isMadeByKubernetes(name) ||
    OF_THE_TESTS.has(name) ||
    OF_THE_COMMAND_LINE.has(name) ||
    MILLRACE_VARIABLES.includes(name)
  );
}
