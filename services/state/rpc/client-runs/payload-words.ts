import { createHash } from 'node:crypto';
import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import type { Failure } from '#gen/millrace/workflow/v1/failure_pb.ts';

/** What a payload of a request says, in short: the same for the same bytes, whichever door they came through. */
export function payloadWords(payload: Payload | undefined): readonly unknown[] {
  if (payload === undefined) return [];
  const { contentType, encodings, value } = payload;
  switch (value.case) {
    case 'data':
      return [contentType, encodings, digestOf(value.value)];
    case 'json':
      return ['', encodings, digestOf(value.value)];
    case 'ref':
      return [contentType, encodings, Buffer.from(value.value.sha256).toString('hex'), value.value.uploadId];
    case undefined:
      return [contentType, encodings];
  }
}

/** What a failure of a request says. */
export function failureWords(failure: Failure | undefined): readonly unknown[] {
  if (failure === undefined) return [];
  const { type, message, stack, causes, nonRetryable, details, nodePath, attempts } = failure;
  const causeWords = causes.map((cause) => [cause.type, cause.message, cause.stack]);
  return [type, message, stack, causeWords, nonRetryable, payloadWords(details), nodePath, attempts];
}

function digestOf(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
