import { stripVTControlCharacters } from 'node:util';

/** What is other each time, and what stands for it. The order matters: a time has numbers in it. */
const CHANGING: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g, '<time>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<id>'],
  [/\b\d+(?:\.\d+)? (?:ms|s|min|h|d)\b/g, '<duration>'],
];

/** Output without what is other each time, and without what only aligns it. */
export function settledOutput(text: string): string {
  let settled = stripVTControlCharacters(text);
  for (const [pattern, sign] of CHANGING) settled = settled.replaceAll(pattern, sign);
  const lines = settled.split('\n').map((line) => line.replaceAll(/[ \t]+/g, ' ').trim());
  return lines.join('\n').trim();
}

/** Whether output is what a page shows. In the page `…` stands for anything, on a line of its own also for nothing. */
export function isOutput(shown: string, output: string): boolean {
  return new RegExp(`^${patternOf(shown)}$`).test(settledOutput(output));
}

/** Whether what a page shows is somewhere in output. */
export function hasOutput(shown: string, output: string): boolean {
  return new RegExp(patternOf(shown)).test(settledOutput(output));
}

function patternOf(shown: string): string {
  return settledOutput(shown)
    .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('\n…', '(?:\n[\\s\\S]*?)?')
    .replaceAll('…', '[\\s\\S]*?');
}
