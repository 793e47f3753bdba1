import { VERSION } from '#libs/service/version.ts';

/** What workers call this library, for people. */
export const SDK_NAME: string = `millrace-typescript/${VERSION}`;
