/** Counts the nodes that a call was forwarded by, so that it never goes round. */
export const HOPS_HEADER = 'x-millrace-forwarded';
