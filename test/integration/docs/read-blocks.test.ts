import { expect, test } from 'vitest';
import { readBlocks } from './read-blocks.ts';

test('a fence has its language, its words and its text', () => {
  const page =
    'Text.\n\n```ts title=flows.ts run why="it is new"\nconst a = 1;\n\nconst b = `x`;\n```\n\n```\nplain\n```\n';
  expect(readBlocks('a.md', page)).toEqual([
    {
      page: 'a.md',
      line: 3,
      language: 'ts',
      attributes: { title: 'flows.ts', run: 'true', why: 'it is new' },
      text: 'const a = 1;\n\nconst b = `x`;',
    },
    { page: 'a.md', line: 9, language: '', attributes: {}, text: 'plain' },
  ]);
});

test('a longer fence holds a shorter one, and one in a list is less indented', () => {
  const page = '- one:\n\n  ````md\n  ```sh\n    ls\n  ```\n  ````\n';
  expect(readBlocks('a.md', page)).toMatchObject([{ language: 'md', text: '```sh\n  ls\n```' }]);
});

test('a fence that is not closed is named', () => {
  expect(() => readBlocks('a.md', 'Text.\n```sh\nls\n')).toThrow('a.md:2');
});
