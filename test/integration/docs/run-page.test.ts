import { describe, expect, test } from 'vitest';
import { createTestFolder } from '#test/service-process.ts';
import { readBlocks } from './read-blocks.ts';
import { runPage } from './run-page.ts';

/** A page without services: what would start them is there already. */
const STARTED = '```console background\n$ echo started && sleep 60\nstarted\n```\n';

async function runText(text: string): Promise<void> {
  using folder = createTestFolder();
  const blocks = readBlocks('page.md', STARTED + text);
  await runPage(blocks, { folder: folder.path, path: [], mongo: undefined });
}

describe('a page that is run', () => {
  test('remembers from block to block, as a terminal does', async () => {
    await runText(
      [
        "```sh\nalias greet='echo hello'\nname=ann\ndouble() { echo $1 $1; }\n```",
        '```console\n$ greet $name\nhello ann\n$ double \\\n>   x\nx x\n$ false || echo "exit code $?"\nexit code 1\n```',
      ].join('\n'),
    );
  });

  test.each([
    [
      'what is not as it is shown, with both',
      '```console\n$ echo one\ntwo\n```',
      'page.md:5: echo one\n--- shows\ntwo\n--- is\none',
    ],
    ['a script that fails in the middle', '```sh\ntrue\nfalse\ntrue\n```', 'page.md:5: ends with 1'],
    ['a command that fails behind what it shows', '```console\n$ echo one; false\none\n```', 'page.md:5: ends with 1'],
    ['a file that fails', '```ts title=a.ts\nprocess.exitCode = 3;\n```', 'page.md:5: ends with 3'],
    ['what does not get ready', '```console background\n$ echo two\none\n```', 'it does not get ready: echo two\ntwo'],
    ['a language that nobody runs', '```perl\nprint\n```', 'page.md:5: nobody knows how to run a block of perl'],
    ['a word that nobody knows', '```sh norun\nls\n```', 'page.md:5: nobody knows how to run a block of sh norun'],
    ['a block that is not run for no reason', '```sh not-run\nls\n```', 'page.md:5: not-run says no reason'],
  ])('names %s', async (_what, text, message) => {
    await expect(runText(text)).rejects.toThrow(message);
  });

  test('writes files for the blocks that start them, and speaks of other ports than the page', async () => {
    const file = "```ts title=a.ts\nconsole.log(process.argv[2] === 'localhost:7400', 'localhost:7400');\n```\n";
    await runText(
      `${file}\`\`\`console\n$ node a.ts localhost:7400\ntrue localhost:7400\n$ node a.ts x\nfalse localhost:7400\n\`\`\``,
    );
  });
});
