import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '#test/run.ts';

const illegal = `
libs/engine/decide.ts            node:crypto
libs/engine/decide.ts            zod
libs/engine/decide.ts            #gen/millrace/common/v1/payload_pb.ts
libs/engine/decide.ts            #libs/rpc/a.ts
libs/engine/decide.ts            ../rpc/a.ts
libs/engine/deep/decide.ts       ../../rpc/a.ts
libs/rpc/a.ts                    #services/state/main.ts
libs/rpc/a.ts                    ../../services/state/main.ts
libs/rpc/a.ts                    ./../../services/state/main.ts
libs/rpc/a.ts                    #cli/main.ts
libs/rpc/a.ts                    #test/env.ts
libs/rpc/a.ts                    ../../test/env.ts
libs/rpc/a.ts                    ../auth/a.ts
libs/rpc/a.ts                    ./connect/../../auth/a.ts
libs/rpc/a.ts                    node:process
libs/rpc/connect/a.ts            ../../auth/a.ts
libs/rpc/connect/a.ts            ../../../services/state/main.ts
libs/rpc/connect/deep/a.ts       ../../../auth/a.ts
libs/rpc/a.test.ts               #services/state/main.ts
libs/partition/a.ts              #libs/store/mongo/journal.ts
libs/partition/a.ts              #libs/store/sqlite/journal.ts
libs/partition/a.ts              #libs/store/memory/journal.ts
libs/partition/a.ts              #libs/bus/nats/bus.ts
libs/partition/a.ts              #libs/bus/local/bus.ts
libs/partition/a.ts              ../store/mongo/journal.ts
libs/store/door.ts               ./mongo/journal.ts
libs/store/door.ts               #libs/store/mongo/journal.ts
libs/store/sqlite/journal.ts     ../mongo/journal.ts
libs/bus/door.ts                 ./nats/bus.ts
services/state/main.ts           #services/worker/config.ts
services/state/main.ts           ../worker/config.ts
services/state/rpc/a.ts          ../../worker/config.ts
services/state/main.ts           #services/dev/main.ts
services/state/main.ts           #test/env.ts
services/state/main.ts           #cli/main.ts
services/state/main.test.ts      #services/worker/config.ts
services/dev/main.ts             #test/env.ts
services/testing/door.ts         #test/env.ts
services/dev/main.ts             ../../test/env.ts
cli/main.ts                      #test/env.ts
cli/main.ts                      ../test/env.ts
cli/main.ts                      #services/state/main.ts
cli/main.ts                      #libs/store/sqlite/journal.ts
cli/main.ts                      ../libs/rpc/a.ts
examples/one/main.ts             ../../services/state/main.ts
`;

const legal = `
libs/engine/decide.ts            ./run.ts
libs/engine/deep/decide.ts       ../run.ts
libs/engine/decide.test.ts       vitest
libs/engine/decide.test.ts       #test/env.ts
libs/rpc/a.ts                    #libs/auth/a.ts
libs/rpc/a.ts                    #gen/millrace/common/v1/payload_pb.ts
libs/rpc/a.ts                    node:http2
libs/rpc/connect/a.ts            ../a.ts
libs/rpc/a.test.ts               #test/env.ts
libs/partition/a.ts              #libs/store/journal.ts
libs/partition/a.test.ts         #libs/store/memory/journal.ts
libs/store/mongo/journal.ts      ./connect.ts
libs/store/mongo/journal.ts      ../journal.ts
libs/store/mongo/deep/journal.ts ../connect.ts
libs/store/journal.test.ts       ./sqlite/journal.ts
services/state/main.ts           ./config.ts
services/state/rpc/a.ts          ../config.ts
services/state/main.ts           #libs/store/mongo/journal.ts
services/state/main.test.ts      #test/env.ts
services/dev/main.ts             #services/state/main.ts
services/testing/door.ts         #services/state/main.ts
services/testing/door.ts         #libs/store/memory/journal.ts
services/dev/main.ts             #libs/bus/local/bus.ts
cli/main.ts                      #libs/rpc/a.ts
cli/deep/main.ts                 ../main.ts
test/simulation/a.test.ts        #services/state/main.ts
test/simulation/a.ts             #libs/store/memory/journal.ts
test/simulation/a.ts             ../env.ts
`;

interface Import {
  readonly from: string;
  readonly specifier: string;
}

const repository = resolve(import.meta.dirname, '../..');
const forms = {
  import: (specifier: string) => `import '${specifier}';`,
  type: (specifier: string) => `import type { A } from '${specifier}';\nexport type B = A;`,
  reexport: (specifier: string) => `export { a } from '${specifier}';`,
  dynamic: (specifier: string) => `export const a = await import('${specifier}');`,
};

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-walls-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

test.each(Object.keys(forms) as (keyof typeof forms)[])(
  'the linter reports every "%s" across a wall and no other',
  async (form) => {
    const crossing = await lint(join(folder, form), forms[form]);
    expect(crossing(parse(illegal))).toEqual(parse(illegal));
    expect(crossing(parse(legal))).toEqual([]);
  },
);

test('the linter reports an environment read outside of a config', async () => {
  const tree = join(folder, 'env');
  const readers = [
    'libs/rpc/a.ts',
    'libs/config/a.ts',
    'services/state/main.ts',
    'services/state/config.ts',
    'test/a.ts',
  ];
  for (const file of readers) await write(join(tree, file), "export const home = process.env['HOME'];\n");
  const reported = await reportedFiles(tree, ['node(no-process-env)']);
  expect(readers.filter((file) => reported.has(file))).toEqual(['libs/rpc/a.ts', 'services/state/main.ts']);
});

function parse(table: string): Import[] {
  return table
    .trim()
    .split('\n')
    .map((line) => {
      const [from = '', specifier = ''] = line.split(/ +/);
      return { from, specifier };
    });
}

/** Lints one file for each import, under our configuration, and returns which of some imports are reported. */
async function lint(tree: string, source: (specifier: string) => string): Promise<(imports: Import[]) => Import[]> {
  const all = [...parse(illegal), ...parse(legal)];
  for (const { from, specifier } of all)
    await write(join(tree, fileFor({ from, specifier })), `${source(specifier)}\n`);
  const reported = await reportedFiles(tree, ['eslint(no-restricted-imports)', 'import(no-relative-parent-imports)']);
  return (imports) => imports.filter((one) => reported.has(fileFor(one)));
}

/** A file of its own in the folder of `from`, with the same kind of name. */
function fileFor({ from, specifier }: Import): string {
  const name = `x${specifier.replace(/[^a-z]/g, (sign) => `-${sign.charCodeAt(0)}`)}`;
  return from.replace(/[^/.]+(?=(\.test)?\.ts$)/, name);
}

async function reportedFiles(tree: string, rules: readonly string[]): Promise<Set<string>> {
  const config = JSON.parse(await readFile(join(repository, '.oxlintrc.json'), 'utf8')) as { options: object };
  // The walls need no types, and the program that knows them is found beside node_modules only.
  await write(join(tree, '.oxlintrc.json'), JSON.stringify({ ...config, options: { typeAware: false } }));
  const { stdout } = await run(join(repository, 'node_modules/.bin/oxlint'), ['--format', 'json', '.'], { cwd: tree });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] };
  return new Set(diagnostics.filter(({ code }) => rules.includes(code)).map(({ filename }) => filename));
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
