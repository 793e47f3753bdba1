import fc from 'fast-check';

/** What a workflow of the tests does. */
export type Program =
  | { readonly kind: 'step'; readonly name: string; readonly how: 'sync' | 'async' | 'begun' }
  /** A step that fails so often, and then not or for good. */
  | { readonly kind: 'flaky'; readonly name: string; readonly failures: number; readonly isFinal: boolean }
  | { readonly kind: 'sleep'; readonly name: string; readonly ms: number }
  | { readonly kind: 'signal'; readonly name: string; readonly timeoutMs: number | undefined }
  | { readonly kind: 'child'; readonly mode: 'wait' | 'cancel' | 'detach'; readonly isFailing: boolean }
  | { readonly kind: 'now' | 'random' | 'uuid' | 'set' }
  | { readonly kind: 'throw' }
  | { readonly kind: 'patched'; readonly id: string; readonly added: Program; readonly old: Program }
  /** Same-named steps at the same time. */
  | { readonly kind: 'same'; readonly name: string; readonly count: number }
  | { readonly kind: 'each'; readonly parts: readonly Program[] }
  /** By the promises of the language: those that are not waited for go on. */
  | { readonly kind: 'loose'; readonly how: 'all' | 'race' | 'any' | 'settled'; readonly parts: readonly Program[] }
  | { readonly kind: 'all'; readonly parts: readonly Program[]; readonly concurrency: number }
  | { readonly kind: 'race' | 'any'; readonly parts: readonly Program[] }
  | {
      readonly kind: 'try';
      readonly body: Program;
      readonly handler: Program | undefined;
      readonly isRethrown: boolean;
      readonly cleanUp: Program | undefined;
    };

type Kind<K extends Program['kind']> = Extract<Program, { kind: K }>;

// Few names, so that occurrences matter.
const name = fc.constantFrom('a', 'b');
const small = fc.integer({ min: 0, max: 3 });

const leaf: fc.Arbitrary<Program> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record<Kind<'step'>>({
      kind: fc.constant('step'),
      name,
      how: fc.constantFrom('sync', 'async', 'async', 'begun'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record<Kind<'flaky'>>({
      kind: fc.constant('flaky'),
      name,
      failures: fc.integer({ min: 1, max: 2 }),
      isFinal: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record<Kind<'sleep'>>({ kind: fc.constant('sleep'), name, ms: small }) },
  {
    weight: 3,
    arbitrary: fc.record<Kind<'signal'>>({
      kind: fc.constant('signal'),
      name,
      timeoutMs: fc.option(small, { nil: undefined }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record<Kind<'child'>>({
      kind: fc.constant('child'),
      mode: fc.constantFrom('wait', 'cancel', 'detach'),
      isFailing: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record<Kind<'now' | 'random' | 'uuid' | 'set'>>({
      kind: fc.constantFrom('now', 'random', 'uuid', 'set'),
    }),
  },
  { weight: 1, arbitrary: fc.record<Kind<'throw'>>({ kind: fc.constant('throw') }) },
  {
    weight: 1,
    arbitrary: fc.record<Kind<'same'>>({ kind: fc.constant('same'), name, count: fc.integer({ min: 2, max: 4 }) }),
  },
);

const { program: tree } = fc.letrec<{ program: Program }>((tie) => {
  const one = tie('program');
  const maybeOne = fc.option(one, { nil: undefined });
  const parts = fc.array(one, { minLength: 1, maxLength: 4 });
  return {
    program: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 3, arbitrary: leaf },
      { weight: 2, arbitrary: fc.record<Kind<'each'>>({ kind: fc.constant('each'), parts }) },
      {
        weight: 2,
        arbitrary: fc.record<Kind<'all'>>({
          kind: fc.constant('all'),
          parts,
          concurrency: fc.integer({ min: 1, max: 3 }),
        }),
      },
      { weight: 2, arbitrary: fc.record<Kind<'race' | 'any'>>({ kind: fc.constantFrom('race', 'any'), parts }) },
      {
        weight: 1,
        arbitrary: fc.record<Kind<'loose'>>({
          kind: fc.constant('loose'),
          how: fc.constantFrom('all', 'race', 'any', 'settled'),
          parts,
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record<Kind<'try'>>({
          kind: fc.constant('try'),
          body: one,
          handler: maybeOne,
          isRethrown: fc.boolean(),
          cleanUp: maybeOne,
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record<Kind<'patched'>>({
          kind: fc.constant('patched'),
          id: fc.constantFrom('p', 'q'),
          added: one,
          old: one,
        }),
      },
    ),
  };
});

/** Programs with branches within branches. */
export const program: fc.Arbitrary<Program> = fc
  .array(tree, { minLength: 1, maxLength: 3 })
  .map((parts): Program => ({ kind: 'each', parts }));
