import type { TestProject } from 'vitest/node';
import { findTools, type Tools } from './find-tools.ts';

declare module 'vitest' {
  interface ProvidedContext {
    tools: Tools;
  }
}

// Each vitest project loads this module anew; what is installed is installed by one of them.
const shared = globalThis as { millraceTools?: Promise<Tools> };

/** Finds the tools once for a test run and gives them to the tests as `inject('tools')`. */
export async function setup(project: TestProject): Promise<void> {
  project.provide('tools', await (shared.millraceTools ??= findTools()));
}
