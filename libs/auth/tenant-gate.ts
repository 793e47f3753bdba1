/** A call, as far as its tenant is concerned. */
export interface TenantVisit {
  readonly tenantId: string;
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Whether the method changes nothing. */
  readonly isRead: boolean;
}

/** The port that tells whether a tenant exists and may be changed. */
export interface TenantGate {
  /**
   * Lets a call to its tenant, at once where the tenant is known.
   *
   * @throws TENANT_NOT_FOUND, and TENANT_ARCHIVED for a change of an archived one.
   */
  admit(visit: TenantVisit): void | Promise<void>;
}
