/** Fields that never reach a log, wherever they stand in its first three levels. */
const SECRET_FIELDS = [
  'authorization',
  'Authorization',
  'cookie',
  'token',
  'access_token',
  'accessToken',
  'subject_token',
  'subjectToken',
  'password',
  'secret',
] as const;

/** What stands in a secret's place. */
export const REDACTED = '[redacted]';

/** The paths of secret fields, as pino wants them. */
export const SECRET_PATHS: readonly string[] = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);
