import { type Ran, run } from '../run.ts';

/** Fails when the protos break a client of the last release; passes while nothing is released. */
export async function checkBreaking(repository: string, buf: string): Promise<Ran> {
  const described = await run('git', ['describe', '--tags', '--abbrev=0', '--match', 'v[0-9]*'], { cwd: repository });
  if (described.code !== 0) {
    console.log('proto breaking: there is no release tag yet, nothing to compare with');
    return { code: 0, stdout: '', stderr: '' };
  }
  return await run(buf, ['breaking', '--against', `.git#tag=${described.stdout.trim()}`], { cwd: repository });
}
