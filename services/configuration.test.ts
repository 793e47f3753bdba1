import { describe, expect, test } from 'vitest';
import { type ConfigDefinition, entriesOf, optionName } from '#libs/config/config-table.ts';
import { isMadeByKubernetes, MILLRACE_VARIABLES } from '#libs/config/foreign-variables.ts';
import { parseConfig } from '#libs/config/parse-config.ts';
import { DEV_CONFIG } from './dev/config.ts';
import { REGISTRY_CONFIG } from './registry/config.ts';
import { STATE_CONFIG } from './state/config.ts';
import { WORKER_CONFIG } from './worker/config.ts';

const DEFINITIONS = [DEV_CONFIG, STATE_CONFIG, REGISTRY_CONFIG, WORKER_CONFIG] as readonly ConfigDefinition<unknown>[];

describe.each(DEFINITIONS.map((definition) => [definition.program, definition] as const))('%s', (_, definition) => {
  const entries = entriesOf(definition.table).map(([, entry]) => entry);

  test('no variable has a name that Kubernetes may make', () => {
    expect(entries.map(({ env }) => env).filter(isMadeByKubernetes)).toEqual([]);
  });

  test('variables and options are each used once', () => {
    expect(new Set(entries.map(({ env }) => env)).size).toBe(entries.length);
    expect(new Set(entries.map(({ env }) => optionName(env, definition.prefix))).size).toBe(entries.length);
  });

  test('every default keeps its own rule', () => {
    for (const { env, type, default: fallback } of entries) {
      if (fallback !== undefined) {
        expect([env, type.parse(type.format(fallback as {}))]).toEqual([env, fallback]);
      }
    }
    expect(parseConfig(definition, {}, []).kind).toBe('config');
  });

  test('every sentence begins small and has no full stop', () => {
    for (const { doc } of entries) {
      expect(doc).toMatch(/^[a-z].*[^.]$/);
    }
  });
});

test('the list of all variables is that of the tables', () => {
  const names = DEFINITIONS.flatMap(({ table }) => entriesOf(table).map(([, { env }]) => env));
  expect([...MILLRACE_VARIABLES].sort()).toEqual([...new Set(names)].sort());
});

test('deadlines, TLS files and addresses that contradict each other are named', () => {
  const env = {
    MILLRACE_DEFAULT_DEADLINE: '2m',
    MILLRACE_TLS_CERT_FILE: 'cert.pem',
    MILLRACE_STATE_HTTP_LISTEN: '127.0.0.1:7400',
  };
  expect(() => parseConfig(STATE_CONFIG, env, [])).toThrow(
    'MILLRACE_STATE_HTTP_LISTEN: 127.0.0.1:7400 is also that of MILLRACE_STATE_GRPC_LISTEN; ' +
      'MILLRACE_DEFAULT_DEADLINE: must not be longer than MILLRACE_MAX_DEADLINE; ' +
      'MILLRACE_TLS_CERT_FILE and MILLRACE_TLS_KEY_FILE: one needs the other',
  );
  expect(() => parseConfig(STATE_CONFIG, { MILLRACE_TLS_CLIENT_CA_FILE: 'ca.pem' }, [])).toThrow(
    'MILLRACE_TLS_CLIENT_CA_FILE: needs MILLRACE_TLS_CERT_FILE and MILLRACE_TLS_KEY_FILE',
  );
});

test('port 0 may be given to several doors', () => {
  const env = { MILLRACE_STATE_HTTP_LISTEN: '127.0.0.1:0', MILLRACE_STATE_GRPC_LISTEN: '127.0.0.1:0' };
  expect(parseConfig(STATE_CONFIG, env, []).kind).toBe('config');
});

test.each(['0.0.0.0:7400', '[::]:7400', '192.168.1.5:7400', 'example.com:7400'])(
  '%s is refused because only this machine is served',
  (address) => {
    expect(() => parseConfig(DEV_CONFIG, { MILLRACE_STATE_GRPC_LISTEN: address }, [])).toThrow(
      `MILLRACE_STATE_GRPC_LISTEN: ${address} is no loopback address, and without tokens only this machine is served`,
    );
  },
);

test.each(['127.0.0.2:7400', '[::1]:7400', 'localhost:7400'])('%s is this machine', (address) => {
  expect(parseConfig(DEV_CONFIG, { MILLRACE_STATE_GRPC_LISTEN: address }, []).kind).toBe('config');
});

test.each([
  ['mongodb://user:hunter2@db/x.y', 'MILLRACE_STORE: mongodb: the database must be of letters, digits, _ and -'],
  ['mongodb://user:hunter2@', 'MILLRACE_STORE: mongodb: must name its hosts'],
  ['postgres://db/x', 'MILLRACE_STORE: the store postgres: is unknown'],
  ['./folder', 'MILLRACE_STORE: the store names no kind'],
  ['sqlite:', 'MILLRACE_STORE: sqlite: names no folder'],
  ['sqlite://folder', 'MILLRACE_STORE: sqlite: names no folder'],
])('the store %s is refused by name and without its secrets', (store, line) => {
  expect(() => parseConfig(STATE_CONFIG, { MILLRACE_STORE: store }, [])).toThrow(line);
  expect(() => parseConfig(STATE_CONFIG, { MILLRACE_STORE: store }, [])).not.toThrow('hunter2');
});

test.each([
  ['sqlite:./data', './data'],
  ['sqlite:/var/lib/millrace', '/var/lib/millrace'],
  ['sqlite:///var/lib/millrace', '/var/lib/millrace'],
])('the store %s is the folder %s', (store, folder) => {
  const reading = parseConfig(STATE_CONFIG, { MILLRACE_STORE: store }, []);
  expect(reading).toMatchObject({ config: { store: { kind: 'sqlite', folder } } });
});

test.each([
  ['nats://user:hunter2@bus', 'MILLRACE_BUS: the bus nats: is not built yet, use local'],
  ['amqp://user:hunter2@bus', 'MILLRACE_BUS: the bus amqp: is unknown, use local'],
  ['here', 'MILLRACE_BUS: is no bus, use local'],
])('the bus %s is refused by name and without its secrets', (bus, line) => {
  expect(() => parseConfig(DEV_CONFIG, { MILLRACE_BUS: bus }, [])).toThrow(line);
});

test('each service knows the variables of the others and leaves them alone', () => {
  const env = { MILLRACE_WORKER_GRPC_LISTEN: '127.0.0.1:1', MILLRACE_STATE_ADDRESS: '127.0.0.1:2' };
  expect(parseConfig(REGISTRY_CONFIG, env, [])).toMatchObject({ config: { grpcListen: '127.0.0.1:7410' } });
});

test.each(DEFINITIONS.map((definition) => [definition.program, definition] as const))(
  '%s leaves the variables of the command line alone',
  (_, definition) => {
    const env = { MILLRACE_ADDRESS: 'state.internal:7400', MILLRACE_TENANT: 'acme' };
    expect(parseConfig(definition, env, [])).toEqual(parseConfig(definition, {}, []));
  },
);

const SECRET = `mlr_${'x'.repeat(43)}`;

test('who keeps tokens leaves that of the command line alone, and who asks about them takes it', () => {
  const env = { MILLRACE_TOKEN: SECRET };
  for (const definition of [STATE_CONFIG, DEV_CONFIG] as const) {
    expect(parseConfig(definition as ConfigDefinition<unknown>, env, [])).toEqual(
      parseConfig(definition as ConfigDefinition<unknown>, {}, []),
    );
  }
  expect(parseConfig(REGISTRY_CONFIG, env, [])).toMatchObject({ config: { token: SECRET } });
  expect(parseConfig(WORKER_CONFIG, env, [])).toMatchObject({ config: { token: SECRET } });
});

test('with a root token every address may be listened on', () => {
  const env = { MILLRACE_ROOT_TOKEN: SECRET, MILLRACE_STATE_GRPC_LISTEN: '0.0.0.0:7400' };
  expect(parseConfig(STATE_CONFIG, env, [])).toMatchObject({ config: { grpcListen: '0.0.0.0:7400' } });
  expect(parseConfig(DEV_CONFIG, env, [])).toMatchObject({ config: { stateGrpcListen: '0.0.0.0:7400' } });
});

test.each(['short', `${SECRET} ${SECRET}`, 'ü'.repeat(40)])(
  'a token that is no secret is refused unseen: %s',
  (token) => {
    const refused = (): unknown => parseConfig(STATE_CONFIG, { MILLRACE_ROOT_TOKEN: token }, []);
    expect(refused).toThrow('MILLRACE_ROOT_TOKEN: must be a secret of 32 to 512 visible characters');
    expect(refused).toThrow(expect.objectContaining({ message: expect.not.stringContaining(token) }));
  },
);

test('no help shows a secret', () => {
  const help = parseConfig(STATE_CONFIG, { MILLRACE_ROOT_TOKEN: SECRET }, ['--help']);
  expect(JSON.stringify(help)).not.toContain(SECRET);
});
