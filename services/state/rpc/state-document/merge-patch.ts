import { copyObject, isJsonObject, type Json, type JsonObject, maybeMember, setMember } from './json.ts';

/**
 * Merges a patch into an object by RFC 7396: null removes a member, objects merge, everything else takes the place of what
 * was there. Nothing that is given is changed.
 */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const merged = copyObject(target);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else setMember(merged, name, isJsonObject(value) ? mergePatch(objectIn(target, name), value) : value);
  }
  return merged;
}

const NO_MEMBERS: JsonObject = {};

function objectIn(target: JsonObject, name: string): JsonObject {
  const member: Json | undefined = maybeMember(target, name);
  return member !== undefined && isJsonObject(member) ? member : NO_MEMBERS;
}
