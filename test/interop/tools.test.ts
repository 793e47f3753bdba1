import { expect, test } from 'vitest';
import { run } from '#test/run.ts';
import { describeWithTools } from '#test/tools/tools.ts';

describeWithTools('the tools of other languages', ['python', 'go', 'grpcurl'], ({ python, go, grpcurl }) => {
  test.each([
    ['python generates stubs', python, ['-m', 'grpc_tools.protoc', '--version']],
    ['go compiles', go, ['version']],
    ['grpcurl calls', grpcurl, ['-version']],
  ])('%s', async (_name, command, args) => {
    await expect(run(command, args)).resolves.toMatchObject({ code: 0 });
  });
});
