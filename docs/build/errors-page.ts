import { readFileSync } from 'node:fs';

const PROTO = new URL('../../proto/millrace/common/v1/errors.proto', import.meta.url);
const VALUE = /((?: *\/\/ .*\n)+) *ERROR_REASON_(\w+) = (\d+);/g;
const CODE = /^\((\w+)\) /;

/** Every reason that an error may carry, from the comments of the proto that defines them. */
export function renderErrorsPage(): string {
  const rows = [...readFileSync(PROTO, 'utf8').matchAll(VALUE)]
    .filter(([, , , number]) => number !== '0')
    .map(([, comment, reason]) => {
      const text = (comment ?? '')
        .replaceAll(/ *\/\/ /g, '')
        .trim()
        .replaceAll('\n', ' ');
      return `| \`${reason}\` | ${CODE.exec(text)?.[1]} | ${text.replace(CODE, '')} |`;
    });
  return `# Errors

What a refusal is made of, and how to read it from each door, is told in [calling.md](calling.md). These are the reasons,
each with its gRPC code. Reasons are only ever added.

| reason | code | when |
|---|---|---|
${rows.join('\n')}
`;
}
