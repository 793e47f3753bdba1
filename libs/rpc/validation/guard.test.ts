import { readdirSync } from 'node:fs';
import type { DescMessage, DescService, Message } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PayloadSchema } from '#gen/millrace/common/v1/payload_pb.ts';
import { EchoService } from '#gen/millrace/test/v1/echo_service_pb.ts';
import { messageArbitrary } from '../testing/message-arbitrary.ts';
import { guardOf } from './guard.ts';
import { violationsOf } from './validate.ts';

/** How the guard and the validator judged a number of messages of a type. */
interface Verdicts {
  valid: number;
  sure: number;
}

/** Every generated service. */
async function readServices(): Promise<readonly DescService[]> {
  const folder = new URL('../../../gen/millrace/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('_service_pb.ts'),
  );
  const modules = await Promise.all(
    files.map((file) => import(new URL(file, folder).href) as Promise<Record<string, unknown>>),
  );
  return modules
    .flatMap((module) => Object.values(module) as { readonly kind?: string }[])
    .filter((exported) => exported.kind === 'service') as unknown as DescService[];
}

/** Holds random messages against both, and fails where the guard is sure of what the validator refuses. */
function compare(desc: DescMessage, numRuns: number, care: number): Verdicts {
  const verdicts: Verdicts = { valid: 0, sure: 0 };
  const guard = guardOf(desc);
  fc.assert(
    fc.property(messageArbitrary(desc, care), (message: Message) => {
      const isValid = violationsOf(desc, message).length === 0;
      const isSure = guard(message);
      if (isSure && !isValid) {
        throw new TypeError(`the guard is sure of a ${desc.typeName} that is not valid`);
      }
      verdicts.valid += isValid ? 1 : 0;
      verdicts.sure += isSure ? 1 : 0;
    }),
    { numRuns },
  );
  return verdicts;
}

const services = await readServices();
const requests = [...new Set(services.flatMap(({ methods }) => methods.map(({ input }) => input)))];

test('all services of the product are looked at', () => {
  expect(services.length).toBeGreaterThan(15);
  expect(requests.length).toBeGreaterThan(80);
});

describe('what a guard is sure of, the validator finds valid', () => {
  const total: Verdicts = { valid: 0, sure: 0 };

  test.each([...requests, PayloadSchema].map((desc) => [desc.typeName, desc] as const))('%s', (_name, desc) => {
    for (const care of [4, 40, 4000]) {
      const { valid, sure } = compare(desc, 20, care);
      total.valid += valid;
      total.sure += sure;
    }
  });

  test('and it is sure of most that is valid', () => {
    expect(total.valid).toBeGreaterThan(500);
    expect(total.sure / total.valid).toBeGreaterThan(0.95);
  });
});

const CHEAP: readonly DescMessage[] = [...EchoService.methods.map(({ input }) => input), PayloadSchema];

test.each(CHEAP.map((desc) => [desc.typeName, desc] as const))(
  'of %s, whose rules are all cheap, a guard is sure whenever the validator finds it valid',
  (_name, desc) => {
    const { valid, sure } = compare(desc, 300, 20);
    expect(valid).toBeGreaterThan(30);
    expect(sure).toBe(valid);
  },
);
