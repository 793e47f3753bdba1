/** Entries of a page where nobody says otherwise. */
export const DEFAULT_PAGE_SIZE = 100;

/** Where a page ends though it has fewer entries than were asked for; one that is larger comes alone. */
export const MAX_PAGE_BYTES: number = 1024 * 1024;
