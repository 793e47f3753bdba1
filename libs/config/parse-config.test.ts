import { expect, test } from 'vitest';
import { listenAddress } from './address-types.ts';
import { ConfigError } from './config-error.ts';
import type { ConfigDefinition } from './config-table.ts';
import { durationMs, integer } from './number-types.ts';
import { type Environment, parseConfig } from './parse-config.ts';
import { boolean, filePath, list, text } from './text-types.ts';
import { ValueFault } from './value-type.ts';

interface Sample {
  readonly grpcListen: string;
  readonly graceMs: number;
  readonly partitions: number;
  readonly origins: readonly string[];
  readonly isVerbose: boolean;
  readonly certFile: string | undefined;
  readonly rootToken: string | undefined;
}

const SAMPLE: ConfigDefinition<Sample> = {
  program: 'millrace-sample',
  summary: 'shows how it is done',
  version: '1.2.3',
  prefix: 'SAMPLE_',
  table: {
    grpcListen: {
      env: 'MILLRACE_SAMPLE_GRPC_LISTEN',
      type: listenAddress(),
      default: '127.0.0.1:7400',
      doc: 'where gRPC is served',
    },
    graceMs: {
      env: 'MILLRACE_GRACE_PERIOD',
      type: durationMs({ minMs: 1_000, maxMs: 60_000 }),
      default: 25_000,
      doc: 'how long draining may take',
    },
    partitions: {
      env: 'MILLRACE_PARTITIONS',
      type: integer({ min: 1, max: 1_024 }),
      default: 16,
      doc: 'how many partitions there are',
    },
    origins: { env: 'MILLRACE_CORS_ORIGINS', type: list(text('origin')), default: [], doc: 'who may call' },
    isVerbose: { env: 'MILLRACE_VERBOSE', type: boolean(), default: false, doc: 'whether more is said' },
    certFile: { env: 'MILLRACE_CERT_FILE', type: filePath(), default: undefined, doc: 'the certificate' },
    rootToken: {
      env: 'MILLRACE_ROOT_TOKEN',
      type: {
        ...text('token'),
        rule: 'a token',
        parse: (raw) => (raw.startsWith('mlr_') ? raw : undefined),
      },
      default: 'mlr_default',
      doc: 'the first token',
      isSecret: true,
    },
  },
  check: (config) =>
    config.isVerbose && config.partitions === 1 ? ['MILLRACE_VERBOSE: needs MILLRACE_PARTITIONS above 1'] : [],
};

function read(env: Environment, ...argv: string[]): Readonly<Sample> {
  const reading = parseConfig(SAMPLE, env, argv);
  if (reading.kind !== 'config') {
    throw new TypeError('a text came instead of a configuration');
  }
  return reading.config;
}

function faultsOf(env: Environment, ...argv: string[]): readonly string[] {
  try {
    parseConfig(SAMPLE, env, argv);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).faults;
  }
  return [];
}

test('nothing set means the defaults', () => {
  expect(read({ PATH: '/bin' })).toEqual({
    grpcListen: '127.0.0.1:7400',
    graceMs: 25_000,
    partitions: 16,
    origins: [],
    isVerbose: false,
    certFile: undefined,
    rootToken: 'mlr_default',
  });
});

test('a variable wins over the default, an option over the variable, and an empty variable is not set', () => {
  const env = { MILLRACE_SAMPLE_GRPC_LISTEN: '127.0.0.1:1', MILLRACE_PARTITIONS: '4', MILLRACE_GRACE_PERIOD: '' };
  const config = read(env, '--grpc-listen', '127.0.0.1:2', '--cors-origins=a,b', '--verbose');
  expect(config).toMatchObject({
    grpcListen: '127.0.0.1:2',
    partitions: 4,
    graceMs: 25_000,
    origins: ['a', 'b'],
    isVerbose: true,
  });
});

test('the configuration is frozen', () => {
  const config = read({ MILLRACE_CORS_ORIGINS: 'a' });
  expect(Object.isFrozen(config)).toBe(true);
  expect(Object.isFrozen(config.origins)).toBe(true);
});

test('one error names every offending variable and option with its limit', () => {
  const faults = faultsOf(
    { MILLRACE_PARTITIONS: '2000', MILLRACE_SAMPLE_GRPC_LISTN: 'x', MILLRACE_GRACE_PERIOD: '25' },
    '--grpc-listen=7400',
    '--verbos',
  );
  expect(faults).toEqual([
    'unknown variable MILLRACE_SAMPLE_GRPC_LISTN: did you mean MILLRACE_SAMPLE_GRPC_LISTEN?',
    'unknown option --verbos: did you mean --verbose?',
    '--grpc-listen: must be host:port with a port from 0 to 65535, such as 127.0.0.1:7400 or [::1]:7400, not "7400"',
    'MILLRACE_GRACE_PERIOD: must be a duration with its unit from 1s to 1m, such as 500ms, 25s or 30m, not "25"',
    'MILLRACE_PARTITIONS: must be a whole number from 1 to 1024, not "2000"',
  ]);
});

test('the error is one line', () => {
  expect(() => read({ MILLRACE_PARTITIONS: '0\n', MILLRACE_BOGUS: '1' })).toThrow(/^[^\n]+; [^\n]+$/);
});

test('what contradicts itself is named', () => {
  expect(faultsOf({ MILLRACE_VERBOSE: 'true', MILLRACE_PARTITIONS: '1' })).toEqual([
    'MILLRACE_VERBOSE: needs MILLRACE_PARTITIONS above 1',
  ]);
});

test('a type may say more than its rule', () => {
  const table = {
    ...SAMPLE.table,
    certFile: {
      ...SAMPLE.table.certFile,
      type: {
        ...filePath(),
        parse: () => {
          throw new ValueFault('is not built yet');
        },
      },
    },
  };
  expect(() => parseConfig({ ...SAMPLE, table }, { MILLRACE_CERT_FILE: 'x' }, [])).toThrow(
    'MILLRACE_CERT_FILE: is not built yet',
  );
});

test('variables of Kubernetes, of the tests and of other programs are left alone', () => {
  const env = {
    MILLRACE_STATE_SERVICE_HOST: '10.0.0.1',
    MILLRACE_STATE_SERVICE_PORT_GRPC: '7400',
    MILLRACE_STATE_PORT: 'tcp://10.0.0.1:7400',
    MILLRACE_STATE_PORT_7400_TCP_ADDR: '10.0.0.1',
    MILLRACE_SERVICE_HOST: '10.0.0.1',
    MILLRACE_PORT_7400_TCP: 'tcp://10.0.0.1:7400',
    MILLRACE_REQUIRE_SERVERS: '1',
    MILLRACE_SERVERS_DIR: '/x',
    MILLRACE_WORKER_GRPC_LISTEN: '127.0.0.1:1',
    OTHER_BOGUS: '1',
  };
  expect(faultsOf(env)).toEqual([]);
});

test('a secret is shown in no error and no help', () => {
  const faults = faultsOf({ MILLRACE_ROOT_TOKEN: 'hunter2' });
  expect(faults).toEqual(['MILLRACE_ROOT_TOKEN: must be a token']);
  const help = parseConfig(SAMPLE, {}, ['--help']);
  expect(JSON.stringify(help)).not.toContain('mlr_default');
});

test('the help shows every setting with its option, variable, rule and default', () => {
  const reading = parseConfig(SAMPLE, { MILLRACE_BOGUS: '1' }, ['--help']);
  expect(reading.kind === 'text' && reading.text).toBe(`millrace-sample 1.2.3: shows how it is done

Every setting is an option and an environment variable; the option wins, and an empty variable counts as not set.

  --grpc-listen <host:port>
      where gRPC is served
      MILLRACE_SAMPLE_GRPC_LISTEN, default 127.0.0.1:7400

  --grace-period <duration>
      how long draining may take
      MILLRACE_GRACE_PERIOD, default 25s

  --partitions <number>
      how many partitions there are
      MILLRACE_PARTITIONS, default 16

  --cors-origins <origin,…>
      who may call
      MILLRACE_CORS_ORIGINS, default none

  --verbose <true|false>
      whether more is said
      MILLRACE_VERBOSE, default false

  --cert-file <file>
      the certificate
      MILLRACE_CERT_FILE, default none

  --root-token <token>
      the first token
      MILLRACE_ROOT_TOKEN, default secret

  --help
      show this and exit

  --version
      show the version and exit
`);
});

test('the version is shown', () => {
  expect(parseConfig(SAMPLE, {}, ['--version'])).toEqual({ kind: 'text', text: 'millrace-sample 1.2.3\n' });
});
