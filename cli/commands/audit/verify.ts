import { AuditService, type VerifyChainResponse } from '#gen/millrace/state/v1/audit_service_pb.ts';
import { integer } from '#libs/config/number-types.ts';
import type { ValueType } from '#libs/config/value-type.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { openState, STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { CLI_EXIT_CODES } from '../exit-codes.ts';

const NUMBER = integer({ min: 1, max: 999_999_999_999_999 });
/** Entries of one call, well within its deadline. */
const CHUNK = 20_000;

/** `millrace audit verify`: computes the chain of a tenant again. */
export const VERIFY_AUDIT_COMMAND: Command = defineCommand({
  name: 'audit verify',
  summary: 'compute the audit log of a tenant again; it exits with 1 where an entry does not fit',
  notes:
    'Keep the number and the hash that it prints elsewhere: with --to and --hash they also tell that entries are missing\nat the end, or that the whole log was written anew.',
  options: {
    from: { type: NUMBER, doc: 'the first entry, by default 1' },
    to: { type: NUMBER, doc: 'the last entry, by default the newest' },
    hash: { type: hexHash(), doc: 'the hash that the last entry must have' },
    ...STATE_OPTIONS,
  },
  async run(values, context) {
    const { from = 1, to, hash } = values;
    await using state = await openState(values, context);
    const { tenantId, channel } = state;
    const audit = createClient(AuditService, channel);
    const more = { ...(to === undefined ? {} : { toNumber: BigInt(to) }), ...(hash && { expectedHash: hash }) };
    let checked = 0;
    let next = BigInt(from);
    let answer: VerifyChainResponse;
    do {
      const request = { tenantId, fromNumber: next, maxEntries: CHUNK, ...more };
      answer = await audit.verifyChain(request, { signal: context.signal });
      checked += Number(answer.checked);
      next = answer.lastNumber + 1n;
    } while (answer.valid && answer.checked === BigInt(CHUNK));
    const { valid, lastNumber, lastHash, firstBadNumber, problem } = answer;
    const hex = Buffer.from(lastHash).toString('hex');
    const entries = `${checked} ${checked === 1 ? 'entry' : 'entries'}`;
    const last = Number(lastNumber);
    return {
      json: {
        valid,
        checked,
        lastNumber: last,
        lastHash: hex,
        ...(valid ? {} : { firstBadNumber: Number(firstBadNumber), problem }),
      },
      text: valid
        ? `${entries} checked, all fit${checked === 0 ? '' : `; the last is ${last} with hash ${hex}`}`
        : `entry ${firstBadNumber} does not fit: ${problem}; the ${entries} before it do`,
      exitCode: valid ? CLI_EXIT_CODES.done : CLI_EXIT_CODES.failed,
    };
  },
});

function hexHash(): ValueType<Uint8Array<ArrayBuffer>> {
  return {
    placeholder: 'hash',
    rule: '64 hexadecimal digits',
    parse: (raw) => (/^[0-9a-f]{64}$/i.test(raw) ? Uint8Array.from(Buffer.from(raw, 'hex')) : undefined),
    format: (value) => Buffer.from(value).toString('hex'),
  };
}
