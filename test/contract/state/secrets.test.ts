import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@connectrpc/connect';
import { expect, test } from 'vitest';
import { Role } from '#gen/millrace/common/v1/options_pb.ts';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { accessCalls, BY_ROOT, bearer, ROOT_SECRET } from './access-calls.ts';
import { definitionClient, functionOf } from './definition-calls.ts';
import { GRPC, serveState } from './serve-state.ts';
import { createSqliteStateHome } from './state-homes.ts';

test('[70] no file of the store holds the plain text of a token, nor does the log', async () => {
  await using home = await createSqliteStateHome();
  const secrets: string[] = [ROOT_SECRET];
  const tokenIds: string[] = [];
  const logged: string[] = [];
  {
    await using store = await home.openState();
    await using served = await serveState(store, {}, { rootSecret: ROOT_SECRET });
    const { tokens, newTenant } = accessCalls(GRPC, served);
    const tenantId = await newTenant();
    for (const role of [Role.ADMIN, Role.DEVELOPER]) {
      const made = await tokens.createToken({ tenantId, role, name: 'n', requestId: `r-${role}` }, BY_ROOT);
      secrets.push(made.secret);
      tokenIds.push(made.token?.tokenId ?? '');
    }
    const [, admin = '', developer = ''] = secrets;
    await definitionClient(GRPC, served).putDefinition(
      { definition: functionOf('order', '1'), activate: true },
      bearer(developer),
    );
    const runs = createClient(RunService, GRPC.transport(served.addresses));
    await runs.startRun({ workflow: 'order', runId: 'r' }, bearer(developer));
    await tokens.validateToken({ secret: developer }, bearer(admin));
    await tokens.revokeToken({ tokenId: tokenIds[1] ?? '', reason: 'done' }, bearer(admin));
    logged.push(...served.logs.map((line) => JSON.stringify(line)));
  }
  const files = readdirSync(home.folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(home.folder, name))
    .filter((path) => statSync(path).isFile());
  const bytes = Buffer.concat(files.map((path) => readFileSync(path)));
  for (const tokenId of tokenIds) expect(bytes.includes(tokenId)).toBe(true);
  for (const secret of secrets) {
    expect(bytes.includes(secret)).toBe(false);
    // Not without what every secret begins with, either.
    expect(bytes.includes(secret.slice('mlr_'.length))).toBe(false);
    expect(logged.join('\n')).not.toContain(secret);
  }
});
