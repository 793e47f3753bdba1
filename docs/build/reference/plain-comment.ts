/** A doc comment as text: one line for each paragraph, tags in words. */
export function plainComment(comment: string): string {
  const lines = comment
    .replace(/^\/\*\*/, '')
    .replace(/\*\/$/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trim());
  const paragraphs = lines
    .join('\n')
    .trim()
    .split(/\n{2,}/);
  return paragraphs.map((text) => inWords(text.replaceAll(/\s+/g, ' '))).join('\n\n');
}

function inWords(paragraph: string): string {
  return paragraph.replace(/^@throws /, 'Throws ').replaceAll(/\{@link (\w+)\}/g, '`$1`');
}
