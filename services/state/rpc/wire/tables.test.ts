import type { DescEnum } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { ErrorReasonSchema } from '#gen/millrace/common/v1/errors_pb.ts';
import { ControlKindSchema } from '#gen/millrace/state/v1/control_pb.ts';
import { DriverSchema } from '#gen/millrace/state/v1/driver_pb.ts';
import { RunStatusSchema } from '#gen/millrace/state/v1/run_status_pb.ts';
import { ChildModeSchema } from '#gen/millrace/workflow/v1/child_mode_pb.ts';
import { REASON_KINDS, type Reason } from '#libs/errors/reasons.ts';
import { childModeFromProto, childModeToProto } from './child-mode.ts';
import { controlKindToProto, maybeControlKindFromProto } from './control.ts';
import { driverFromProto, driverToProto } from './driver.ts';
import { maybeReasonFromProto, reasonNameToProto, reasonToProto } from './reason.ts';
import { maybeStatusFromProto, statusToProto } from './status.ts';

/** The values of an enum but the one that says nothing. */
function valuesOf({ values }: DescEnum): ReadonlyArray<{ readonly name: string; readonly number: number }> {
  return values.filter(({ number }) => number !== 0).map(({ localName: name, number }) => ({ name, number }));
}

describe('every value of the wire means one of the engine, which has the same name and leads back', () => {
  test.each(valuesOf(RunStatusSchema))('status $name', ({ name, number }) => {
    const status = maybeStatusFromProto(number as never);
    expect(status).toBe(name);
    expect(status === undefined ? undefined : statusToProto(status)).toBe(number);
  });

  test.each(valuesOf(DriverSchema))('driver $name', ({ name, number }) => {
    const driver = driverFromProto(number as never);
    expect(driver).toBe(name);
    expect(driverToProto(driver)).toBe(number);
  });

  test.each(valuesOf(ControlKindSchema))('control $name', ({ name, number }) => {
    const kind = maybeControlKindFromProto(number as never);
    expect(kind).toBe(name);
    expect(kind === undefined ? undefined : controlKindToProto(kind)).toBe(number);
  });

  test.each(valuesOf(ChildModeSchema))('child mode $name', ({ name, number }) => {
    const mode = childModeFromProto(number as never);
    expect(mode).toBe(name);
    expect(childModeToProto(mode)).toBe(number);
  });

  test.each(valuesOf(ErrorReasonSchema))('reason $name', ({ name, number }) => {
    const reason = maybeReasonFromProto(number as never);
    expect(reason).toBe(name);
    expect(reason === undefined ? undefined : reasonToProto(reason)).toBe(number);
  });
});

test('every reason has a number of its own', () => {
  const reasons = Object.keys(REASON_KINDS) as Reason[];
  const numbers = reasons.map(reasonToProto);
  expect(new Set(numbers).size).toBe(reasons.length);
  expect(numbers).not.toContain(0);
});

test('what is not said is the default where there is one, else undefined', () => {
  expect(driverFromProto(0)).toBe('SERVER');
  expect(childModeFromProto(0)).toBe('WAIT');
  expect(maybeStatusFromProto(0)).toBeUndefined();
  expect(maybeStatusFromProto(99 as never)).toBeUndefined();
  expect(maybeControlKindFromProto(0)).toBeUndefined();
  expect(maybeReasonFromProto(0)).toBeUndefined();
  expect(maybeReasonFromProto(999 as never)).toBeUndefined();
});

test('a reason of another release has no number, nor has what every object has', () => {
  expect(reasonNameToProto('LEASE_LOST')).toBe(50);
  expect(reasonNameToProto('SOMETHING_NEW')).toBe(0);
  expect(reasonNameToProto('UNSPECIFIED')).toBe(0);
  expect(reasonNameToProto('toString')).toBe(0);
});
