import { expect, test } from 'vitest';
import { type Command, defineCommand } from './commands/command.ts';
import { findCommand } from './find-command.ts';

const COMMANDS: readonly Command[] = ['run get', 'run list', 'admin backup'].map((name) =>
  defineCommand({ name, summary: '', options: {}, run: async () => ({}) }),
);

test.each([
  [['run', 'get', 'order-42', '--json'], 'run get', ['order-42', '--json']],
  [['--json', 'run', 'list', '--limit', '5'], 'run list', ['--json', '--limit', '5']],
  [['run', 'get', 'run', 'list'], 'run get', ['run', 'list']],
  [['run', 'get', '--', 'x'], 'run get', ['--', 'x']],
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
  [['--json'], 'no command was named'],
])('%j is refused', (argv, message) => {
  expect(() => findCommand(COMMANDS, argv)).toThrow(message);
});
