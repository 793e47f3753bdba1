import type { Payload } from '#libs/engine/model/payload.ts';

/**
 * The state document of a function: a JSON object of what it set. A value that is not plain JSON in memory is shown as
 * an object that describes it, so that the document is JSON whatever was set.
 */
export function stateDocument(values: readonly (readonly [key: string, value: Payload | undefined])[]): Payload {
  const members = values.map(([key, value]) => `${JSON.stringify(key)}:${jsonOf(value)}`);
  return jsonPayload(`{${members.join(',')}}`);
}

/** A payload of JSON. */
export function jsonPayload(text: string): Payload {
  return { contentType: '', encodings: [], data: Buffer.from(text), ref: undefined };
}

function jsonOf(payload: Payload | undefined): string {
  if (payload === undefined || (payload.data === undefined && payload.ref === undefined)) return 'null';
  const { data, ref, contentType, encodings } = payload;
  if (data !== undefined && encodings.length === 0 && (contentType === '' || contentType === 'application/json')) {
    const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString();
    if (isJson(text)) return text;
  }
  const described = {
    content_type: contentType,
    encodings,
    ...(data === undefined ? {} : { data: Buffer.from(data).toString('base64') }),
    ...(ref === undefined ? {} : { ref: { sha256: Buffer.from(ref.sha256).toString('hex'), size: ref.size } }),
  };
  return JSON.stringify(described);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
