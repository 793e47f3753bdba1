import { expect, test } from 'vitest';
import { databaseOf, describeStore, type MongoLocation, parseStoreUri } from './uri.ts';

test.each([
  ['sqlite:./data', './data'],
  ['sqlite:/var/lib/millrace', '/var/lib/millrace'],
  ['sqlite:///var/lib/millrace', '/var/lib/millrace'],
  ['SQLite:data', 'data'],
])('%s is a folder', (text, folder) => {
  expect(parseStoreUri(text)).toEqual({ kind: 'sqlite', folder });
});

test('memory: is the memory', () => {
  expect(parseStoreUri('memory:')).toEqual({ kind: 'memory' });
});

test.each([
  ['mongodb://localhost', ['localhost'], undefined],
  ['mongodb://localhost:27017/', ['localhost:27017'], undefined],
  ['mongodb://u:p%40ss@a:1,b:2,[::1]:3/runs?replicaSet=rs0&retryWrites=false', ['a:1', 'b:2', '[::1]:3'], 'runs'],
  ['mongodb+srv://u:p@cluster.example.com/runs', ['cluster.example.com'], 'runs'],
  ['mongodb://localhost?tls=true', ['localhost'], undefined],
])('%s is a server of the MongoDB protocol', (uri, hosts, database) => {
  expect(parseStoreUri(uri)).toEqual({ kind: 'mongodb', uri, hosts, database });
});

test('each service has a database of its own where the URI names none', () => {
  const location = parseStoreUri('mongodb://localhost') as MongoLocation;
  expect(databaseOf(location, 'state')).toBe('millrace_state');
  expect(databaseOf(location, 'registry')).toBe('millrace_registry');
  expect(databaseOf({ ...location, database: 'mine' }, 'registry')).toBe('mine');
});

test('a description holds no secrets', () => {
  expect(describeStore(parseStoreUri('mongodb://user:secret@a:1,b/runs?appName=secret'))).toBe('mongodb://a:1,b/runs');
  expect(describeStore(parseStoreUri('sqlite:./data'))).toBe('sqlite:./data');
  expect(describeStore(parseStoreUri('memory:'))).toBe('memory:');
});

test.each([
  ['', 'the store names no kind'],
  ['./data', 'the store names no kind'],
  ['postgres://secret@host', 'the store postgres: is unknown'],
  ['sqlite:', 'sqlite: names no folder'],
  ['sqlite://host/path', 'sqlite: names no folder'],
  ['memory:secret', 'memory: takes nothing'],
  ['mongodb:localhost', 'mongodb: must name its hosts'],
  ['mongodb://', 'mongodb: must name its hosts'],
  ['mongodb://user:secret@', 'mongodb: must name its hosts'],
  ['mongodb://user:sec@ret@host', 'must be percent-encoded'],
  ['mongodb://user:sec/ret@host', 'mongodb: must'],
  ['mongodb://host:secret/x', 'mongodb: must name its hosts'],
  ['mongodb+srv://host:27017', 'mongodb+srv: must name one host without a port'],
  ['mongodb+srv://secret.example.com,b', 'mongodb+srv: must name one host'],
  ['mongodb://host/se%20cret', 'the database must be of letters'],
  ['mongodb://host/%zz', 'the database must be of letters'],
  [`mongodb://host/${'x'.repeat(49)}`, 'has 49 bytes, at most 48'],
])('%s is refused and not repeated', (text, message) => {
  expect(() => parseStoreUri(text)).toThrow(message);
  expect(() => parseStoreUri(text)).not.toThrow('secret');
  expect(() => parseStoreUri(text)).toThrow(expect.objectContaining({ name: 'StartError' }));
});
