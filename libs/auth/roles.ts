/** What a token may do; `root` is the one administrator without a tenant. */
export type Role = 'viewer' | 'developer' | 'operator' | 'worker' | 'admin' | 'root';

/** Whether a role may call what names `allowed`. Deny by default; root may call whatever an admin may. */
export function isAllowed(role: Role, allowed: ReadonlySet<Role>): boolean {
  return allowed.has(role) || (role === 'root' && allowed.has('admin'));
}
