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

const FROM_PROTO: Readonly<Record<RoleProto, Role | undefined>> = {
  [RoleProto.UNSPECIFIED]: undefined,
  [RoleProto.VIEWER]: 'viewer',
  [RoleProto.DEVELOPER]: 'developer',
  [RoleProto.OPERATOR]: 'operator',
  [RoleProto.WORKER]: 'worker',
  [RoleProto.ADMIN]: 'admin',
  [RoleProto.ROOT]: 'root',
};

/** A role as the protos have it. */
export function roleToProto(role: Role): RoleProto {
  return TO_PROTO[role];
}

/** A role of the protos; undefined for none. */
export function maybeRoleFromProto(role: RoleProto): Role | undefined {
  return FROM_PROTO[role];
}
