import { StatusError } from '#core/api/status-error.ts';
import { isObject, own, setOwn, type JsonObject } from '#core/api/value.ts';

/**
 * Applies a JSON merge patch (RFC 7386): members of the patch replace those of the document, `null` removes them, objects
 * merge, lists are replaced as a whole.
 *
 * Neither argument is changed. Unpatched parts of the result are the document's own, not copies.
 * @throws {StatusError} BadRequest when the patch is not an object: an API object cannot become something else.
 */
export function applyMergePatch(doc: unknown, patch: unknown): JsonObject {
  if (!isObject(patch)) throw StatusError.badRequest('a JSON merge patch must be an object');
  return merge(doc, patch);
}

function merge(target: unknown, patch: JsonObject): JsonObject {
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else setOwn(result, key, isObject(value) ? merge(own(result, key), value) : value);
  }
  return result;
}
