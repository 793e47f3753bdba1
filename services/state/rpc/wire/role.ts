import { Role as RoleProto } from '#gen/millrace/common/v1/options_pb.ts';
import type { Role } from '#libs/auth/roles.ts';

const TO_PROTO: Readonly<Record<Role, RoleProto>> = {
  viewer: RoleProto.VIEWER,
  developer: RoleProto.DEVELOPER,
  operator: RoleProto.OPERATOR,
  worker: RoleProto.WORKER,
  admin: RoleProto.ADMIN,
  root: RoleProto.ROOT,
};

/** A role as the protos have it. */
export function roleToProto(role: Role): RoleProto {
  return TO_PROTO[role];
}
