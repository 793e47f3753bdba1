/** What people import as `millrace/testing`. */

export { DivergedError } from '#libs/sdk/testing/diverged-error.ts';
export type { Replayed } from '#libs/sdk/testing/log-replay.ts';
export type { History } from '#libs/sdk/testing/read-history.ts';
export { type ReplayOptions, replay } from '#libs/sdk/testing/replay.ts';
export { createTestEnvironment } from './create-test-environment.ts';
export type { TestEnvironment, TestEnvironmentOptions } from './test-environment.ts';
