import { Driver as DriverMessage } from '#gen/millrace/state/v1/driver_pb.ts';
import type { Driver } from '#libs/engine/model/status.ts';

const TO_PROTO: Readonly<Record<Driver, DriverMessage>> = {
  SERVER: DriverMessage.SERVER,
  CLIENT: DriverMessage.CLIENT,
};

const FROM_PROTO: Readonly<Record<DriverMessage, Driver>> = {
  [DriverMessage.UNSPECIFIED]: 'SERVER',
  [DriverMessage.SERVER]: 'SERVER',
  [DriverMessage.CLIENT]: 'CLIENT',
};

/** A driver on the wire. */
export function driverToProto(driver: Driver): DriverMessage {
  return TO_PROTO[driver];
}

/** The driver that a number means; unspecified is SERVER. Numbers that are not known were refused before. */
export function driverFromProto(driver: DriverMessage): Driver {
  return FROM_PROTO[driver] ?? 'SERVER';
}
