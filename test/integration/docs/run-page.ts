import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serviceEnv } from '#test/env.ts';
import { findAddresses } from './addresses.ts';
import { blockKind } from './block-kind.ts';
import { readCommands } from './commands.ts';
import { hasOutput, isOutput, settledOutput } from './output-pattern.ts';
import type { Block } from './read-blocks.ts';
import { openShell, type Shell } from './shell.ts';

/** Where a page is run. */
export interface PageWorld {
  /** A checkout of its own. */
  readonly folder: string;
  /** Folders of programs, before those of the machine. */
  readonly path: readonly string[];
  /** The database that stands for the one of the pages. Absent: the page needs none. */
  readonly mongo: string | undefined;
}

const MONGO_SHOWN = 'mongodb://db.example/millrace_state';
const START = 'npm start';

/**
 * Does what a page says, from its first block to its last, as somebody would who reads it. A page that calls services and
 * does not start them finds them started.
 *
 * @throws RangeError for what does not happen as the page says, with the line.
 */
export async function runPage(
  blocks: readonly Block[],
  { folder, path, mongo = MONGO_SHOWN }: PageWorld,
): Promise<void> {
  const addresses = await findAddresses(blocks.map(({ text }) => text).join('\n'));
  const toReal = (text: string): string => addresses.toReal(text).replaceAll(MONGO_SHOWN, mongo);
  const toShown = (text: string): string => addresses.toShown(text).replaceAll(mongo, MONGO_SHOWN);
  const env = { ...serviceEnv(addresses.env), PATH: [...path, process.env['PATH']].join(':'), NO_COLOR: '1' };
  await using shell = openShell({ folder, env });
  const shells = blocks.filter((block) => blockKind(block) === 'shell');
  if (shells.length > 0 && !shells.some(({ attributes }) => 'background' in attributes)) {
    await shell.stay(START, (output) => output.includes('Ctrl-C'));
  }
  for (const block of blocks) {
    const where = `${block.page}:${block.line}`;
    const kind = blockKind(block);
    if (kind === 'types' && isWritten(block)) {
      const file = block.attributes['title'] ?? `block-${block.line}.ts`;
      writeFileSync(join(folder, file), toReal(block.text));
      if (isRunAtOnce(block, blocks)) await runScript(shell, `node ${file}`, where, true);
    } else if (kind === 'shell' && 'background' in block.attributes) {
      for (const { command, shown = '' } of readCommands(block.language, block.text)) {
        await shell.stay(stayOf(toReal(command)), (output) => hasOutput(shown, toShown(output)));
      }
    } else if (kind === 'shell') {
      for (const { command, shown } of readCommands(block.language, block.text)) {
        const output = toShown(await runScript(shell, toReal(command), where, shown === undefined));
        if (shown !== undefined && !isOutput(shown, output)) {
          throw new RangeError(
            `${where}: ${command}\n--- shows\n${settledOutput(shown)}\n--- is\n${settledOutput(output)}`,
          );
        }
      }
    }
  }
}

/** The address that commands of the page are told would keep this one from serving at it. */
function stayOf(command: string): string {
  return /\bmillrace dev\b/.test(command) ? `unset MILLRACE_ADDRESS; ${command}` : command;
}

/** Whether a block of TypeScript becomes a file. What is only declared is for the types. */
export function isWritten({ attributes: { title = '', run } }: Block): boolean {
  return run !== undefined || (title !== '' && !title.endsWith('.d.ts'));
}

/** A file that another block imports or starts is run with that one. */
function isRunAtOnce({ attributes }: Block, blocks: readonly Block[]): boolean {
  const { title } = attributes;
  return title === undefined || 'run' in attributes || !blocks.some(({ text }) => text.includes(title));
}

/** A script must not fail anywhere; of what is shown with its output, the last command must not. */
async function runScript(shell: Shell, commands: string, where: string, strict: boolean): Promise<string> {
  const { output, code, failed } = await shell.run(commands);
  if ((strict ? failed : code) !== 0) throw new RangeError(`${where}: ends with ${failed}: ${commands}\n${output}`);
  return output;
}
