import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { applyJsonPatch } from '#core/api/patch/json-patch.ts';
import { applyMergePatch } from '#core/api/patch/merge-patch.ts';
import { goText, patchMisfit } from '#core/api/patch/patch-misfit.ts';
import { applyStrategicMergePatch } from '#core/api/patch/strategic-merge-patch.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Api, Body, Caller, Target, WriteParameters } from '#core/apiserver/api.ts';
import { modify } from './modify.ts';
import { decodeBody, decodeView, type WithStatus } from './pipeline.ts';
import { modifyView, viewOf } from './view.ts';

export type PatchType = 'json' | 'merge' | 'strategic';

/** By media type. */
export const patchTypes: ReadonlyMap<string, PatchType> = new Map([
  ['application/json-patch+json', 'json'],
  ['application/merge-patch+json', 'merge'],
  ['application/strategic-merge-patch+json', 'strategic'],
]);

/** PATCH. Applied again to the newest state when another write comes in between. @throws {StatusError} NotFound, Conflict, Invalid, BadRequest */
export function patch(api: Api, target: Target, type: PatchType, body: Body, parameters: WriteParameters, caller: Caller): Promise<KubernetesObject> {
  const view = viewOf(target);
  const { struct } = view?.kind ?? target.resource.kind;
  const { duplicates } = body;
  if (view) return modifyView(api, target, view, parameters, caller, (old) => patched(old, (value) => decodeView(target, view.kind, { value, duplicates, unordered: true }, parameters, caller)));
  return modify(api, target, parameters, caller, (old) => patched(old, (value) => decodeBody(target, { value, duplicates, unordered: true }, parameters, caller)));

  function patched(old: KubernetesObject, read: (value: unknown) => WithStatus): WithStatus {
    const value = apply(type, old, body.value);
    try {
      return read(value);
    } catch (error) {
      throw patchMisfit(error, () => (type === 'strategic' ? goText(body.value) : JSON.stringify(value)));
    }
  }

  function apply(kind: PatchType, old: KubernetesObject, document: unknown): unknown {
    if (kind === 'json') {
      if (!Array.isArray(document)) throw StatusError.badRequest('a JSON patch is an array of operations');
      return applyJsonPatch(old, document);
    }
    if (typeof document !== 'object' || document === null || Array.isArray(document)) throw StatusError.badRequest('a merge patch is a JSON object');
    return kind === 'merge' ? applyMergePatch(old, document) : applyStrategicMergePatch(struct, old, document);
  }
}
