/** A command of a block, and what the page shows of its output. */
export interface Command {
  readonly command: string;
  /** Absent: the page says nothing of it. */
  readonly shown: string | undefined;
}

/** The commands of a block: those of `console` behind `$ `, gone on behind `> `; `sh` is one script. */
export function readCommands(language: string, text: string): readonly Command[] {
  if (language === 'sh') return [{ command: text, shown: undefined }];
  const commands: { command: string; shown: string }[] = [];
  for (const line of text.split('\n')) {
    const last = commands.at(-1);
    if (line.startsWith('$ ')) commands.push({ command: line.slice(2), shown: '' });
    else if (last === undefined) throw new RangeError(`a console begins with a command, not with ${line}`);
    else if (line.startsWith('> ') && last.shown === '') last.command += `\n${line.slice(2)}`;
    else last.shown += `${line}\n`;
  }
  return commands;
}
