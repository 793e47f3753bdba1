import type { DescMessage, Message } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ChildStartSchema,
  LeaseExtensionSchema,
  LeaseReleaseSchema,
  ParkSchema,
  StepRecordSchema,
  WorkCompletionSchema,
  WorkFailureSchema,
} from '#gen/millrace/state/v1/work_up_pb.ts';
import type { Command } from '#libs/engine/commands/command.ts';
import type { LeaseProof } from '#libs/engine/commands/item-commands.ts';
import { createByteWriter } from '#libs/engine/log/byte-writer.ts';
import { encodeEvent } from '#libs/engine/log/event-codec.ts';
import { createScenario } from '#libs/engine/testing/scenario.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { messageArbitrary } from '#libs/rpc/testing/message-arbitrary.ts';
import { assertValid } from '#libs/rpc/validation/validate.ts';
import {
  completeFromProto,
  extendFromProto,
  failFromProto,
  parkFromProto,
  recordStepFromProto,
  releaseFromProto,
  startChildFromProto,
} from './commands.ts';

type Convert = (message: never, lease: LeaseProof, now: number) => Command;

const CONVERSIONS: ReadonlyArray<readonly [DescMessage, Convert]> = [
  [StepRecordSchema, (message, lease, now) => recordStepFromProto(message, lease, now)],
  [ParkSchema, (message, lease, now) => parkFromProto(message, lease, now)],
  [ChildStartSchema, (message, lease) => startChildFromProto(message, lease, 3)],
  [WorkCompletionSchema, (message, lease) => completeFromProto(message, lease)],
  [WorkFailureSchema, (message, lease) => failFromProto(message, lease, 0.5)],
  [LeaseReleaseSchema, (message, lease) => releaseFromProto(message, lease)],
  [LeaseExtensionSchema, (message, lease) => extendFromProto(message, lease)],
];

function keepsRules(desc: DescMessage, message: Message): boolean {
  try {
    assertValid(desc, message);
    return true;
  } catch (error) {
    if (error instanceof DomainError) return false;
    throw error;
  }
}

/** Puts a number into every field of 64 bits that is not of a duration, deep down: our protos bound only few of them. */
function widen(value: unknown, number: bigint): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  const fields = value as Record<string, unknown>;
  if (fields['$typeName'] === 'google.protobuf.Duration') return;
  for (const [name, field] of Object.entries(fields)) {
    if (typeof field === 'bigint') fields[name] = number;
    else widen(field, number);
  }
}

const numbers = fc.constantFrom(undefined, undefined, 0n, 2n ** 40n, -(2n ** 40n), 2n ** 63n - 1n, -(2n ** 63n));

// What the log cannot hold would put the run into quarantine.
test.each(CONVERSIONS)(
  'whatever a frame of type %s holds, it is refused or the log can hold it',
  (desc, convert) => {
    let held = 0;
    fc.assert(
      fc.property(messageArbitrary(desc, 20), numbers, (message, number) => {
        if (number !== undefined) widen(message, number);
        fc.pre(keepsRules(desc, message));
        const s = createScenario();
        const lease = s.lease();
        let command: Command;
        try {
          command = convert({ ...message, ordinal: 1, stepCount: 0 } as never, lease, s.now);
        } catch (error) {
          expect(error).toMatchObject({ reason: 'INVALID_FIELDS' });
          return;
        }
        s.accept(command);
        const writer = createByteWriter();
        for (const event of s.events) encodeEvent(writer, event, s.now);
        held += s.events.length;
      }),
      { numRuns: 150 },
    );
    expect(held).toBeGreaterThan(10);
  },
  30_000,
);
