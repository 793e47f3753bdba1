import { inject } from 'vitest';
import { describeWith } from '#test/gate.ts';
import type { Tools } from './find-tools.ts';

/**
 * A suite that runs programs of other languages, given as the paths of their executables; only in the projects
 * `interop` and `integration`. Skipped, or failed when servers are required, without one of them: the suite is then
 * collected with bare names.
 */
export function describeWithTools<T extends keyof Tools>(
  name: string,
  needs: readonly T[],
  suite: (paths: Readonly<Record<T, string>>) => void,
): void {
  const tools = inject('tools');
  const paths = needs.map((tool) => {
    const found = tools[tool];
    return [tool, 'at' in found ? found.at : tool];
  });
  describeWith(
    name,
    needs.map((tool) => tools[tool]),
    () => suite(Object.fromEntries(paths) as Record<T, string>),
  );
}
