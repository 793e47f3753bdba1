import { describe, test } from 'vitest';
import { testVariable } from './env.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** Why a suite or test is skipped; the closing report groups by it. */
    skipReason?: string;
  }
}

/** Something tests need that a machine may not have: where it is, or what was tried and how to get it. */
export type Found = { readonly at: string } | { readonly missing: string };

/**
 * A suite that needs things that may be missing. With one of them missing the suite is skipped and the closing report
 * says why; with `MILLRACE_REQUIRE_SERVERS=1` it fails instead.
 */
export function describeWith(name: string, needs: readonly Found[], suite: () => void): void {
  const skipReason = needs.flatMap((need) => ('missing' in need ? [need.missing] : [])).join('; ');
  if (skipReason === '') {
    describe(name, suite);
  } else if (process.env[testVariable.requireServers] === '1') {
    describe(name, () => {
      test('finds what it needs', () => {
        throw new Error(skipReason);
      });
    });
  } else {
    describe.skip(name, { meta: { skipReason } }, suite);
  }
}
