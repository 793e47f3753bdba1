import { Role as RoleProto } from '#gen/millrace/common/v1/options_pb.ts';
import type { Role } from '#libs/auth/roles.ts';

const ROLES: Readonly<Record<RoleProto, Role | undefined>> = {
  [RoleProto.UNSPECIFIED]: undefined,
  [RoleProto.VIEWER]: 'viewer',
  [RoleProto.DEVELOPER]: 'developer',
  [RoleProto.OPERATOR]: 'operator',
  [RoleProto.WORKER]: 'worker',
  [RoleProto.ADMIN]: 'admin',
  [RoleProto.ROOT]: 'root',
};

/** A role of the protos; undefined for none, and for one that is not known here. */
export function maybeRoleFromProto(role: RoleProto): Role | undefined {
  return ROLES[role];
}
