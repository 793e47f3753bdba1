/** The page that is followed where the package is installed, not in a checkout. */
export const FIRST_PAGE = 'first-workflow.md';
