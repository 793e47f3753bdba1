import { describe, expect, test } from 'vitest';
import { describeWithTools } from '#test/tools/tools.ts';
import { compileStubs, type FoundLanguage } from './compile-stubs.ts';
import { csharpMessages, csharpStubs } from './csharp.ts';
import { goStubs } from './go.ts';
import { javaStubs } from './java.ts';
import { pythonStubs } from './python.ts';
import { rustStubs } from './rust.ts';

// The first run installs what the languages need.
const timeout = 1_800_000;

describeWithTools('stubs for Go', ['go'], ({ go }) => {
  test('every proto compiles, every service has a client', { timeout }, async () => {
    expect(await compileStubs(await goStubs(go))).toEqual([]);
  });
});

describeWithTools('stubs for Python', ['python'], ({ python }) => {
  test('every module is importable, every service has a client', { timeout }, async () => {
    expect(await compileStubs(await pythonStubs(python))).toEqual([]);
  });
});

// Unlike Go and Python, these may be missing even where servers and tools are required.
describe('stubs for other languages', () => {
  test.for<[string, () => Promise<FoundLanguage>]>([
    ['Java: every proto compiles, every service has a client', javaStubs],
    ['Rust: every proto compiles, every service has a client', rustStubs],
    ['C#: every message has a class', csharpMessages],
    ['C#: every proto compiles, every service has a client', csharpStubs],
  ])('%s', { timeout }, async ([, find], context) => {
    const language = await find();
    if ('missing' in language) return context.skip(language.missing);
    expect(await compileStubs(language)).toEqual([]);
  });
});
