import { expect, test } from 'vitest';
import { type Command, defineCommand } from './commands/command.ts';
import { findCommand } from './find-command.ts';

const COMMANDS: readonly Command[] = ['run get', 'run list', 'admin backup', 'worker list', 'worker run'].map((name) =>
  defineCommand({ name, summary: '', isOfFiles: name === 'worker run', options: {}, run: async () => ({}) }),
);

test.each([
  [['run', 'get', 'order-42', '--json'], 'run get', ['order-42', '--json']],
  [['--json', 'run', 'list', '--limit', '5'], 'run list', ['--json', '--limit', '5']],
  [['run', 'get', 'run', 'list'], 'run get', ['run', 'list']],
  [['run', 'get', '--', 'x'], 'run get', ['--', 'x']],
  [['worker', './flows.ts', '--json'], 'worker run', ['./flows.ts', '--json']],
  [['worker', 'flows.js'], 'worker run', ['flows.js']],
])('%j is %s with %j', (argv, name, rest) => {
  expect(findCommand(COMMANDS, argv)).toMatchObject({ kind: 'command', command: { name }, rest });
});

test('the first word of several commands asks for their help', () => {
  const found = findCommand(COMMANDS, ['run']);
  expect(found.kind === 'help' && found.commands.map(({ name }) => name)).toEqual(['run get', 'run list']);
});

test.each([
  [['run', 'gte', 'order-42'], 'unknown command run gte: did you mean run get?'],
  [['start', 'order'], 'unknown command start order'],
  [['worker', 'lst'], 'unknown command worker lst: did you mean worker list?'],
  [['run', './flows.ts'], 'unknown command run ./flows.ts'],
  [['--json'], 'no command was named'],
])('%j is refused', (argv, message) => {
  expect(() => findCommand(COMMANDS, argv)).toThrow(message);
});
