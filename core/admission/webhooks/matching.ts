import { LabelSelector } from '#core/api/label-selector.ts';
import type { RuleWithOperations } from '#core/api/schema/admissionregistration-v1.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { resourceName, type KubernetesObject } from '#core/api/schema/kind.ts';
import type { LabelSelector as LabelSelectorObject } from '#core/api/schema/meta.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { AdmissionRequest } from '#core/admission/admission.ts';

/** The same objects under other groups and versions. */
export type Equivalents = (resource: AnyResource) => readonly AnyResource[];

/** A request as a rule looks at it. */
export interface Seen {
  readonly resource: AnyResource;
  readonly subresource: string;
  readonly operation: AdmissionRequest['operation'];
  readonly namespace: string | undefined;
}

const covers = (values: readonly string[] | undefined, value: string): boolean => values?.some((one) => one === '*' || one === value) === true;

/** `pods` is the pods themselves, `pods/*` and `pods/log` are below them; a star alone leaves subresources out. */
function coversResource(patterns: readonly string[] | undefined, plural: string, subresource: string): boolean {
  return patterns?.some((pattern) => {
    const [resource, part] = pattern.split(/\/(.*)/s);
    if (resource !== '*' && resource !== plural) return false;
    return part === undefined ? subresource === '' : part === '*' || part === subresource;
  }) === true;
}

function coversScope(scope: RuleWithOperations['scope'], { resource, namespace }: Seen): boolean {
  if (scope === undefined || scope === '*') return true;
  // A namespace is an object of the cluster, though requests to it name one.
  const inside = resource.kind.namespaced && namespace !== undefined;
  return (scope === 'Namespaced') === inside;
}

export const ruleMatches = (rule: RuleWithOperations, seen: Seen): boolean =>
  covers(rule.operations, seen.operation) && covers(rule.apiGroups, seen.resource.kind.group) && covers(rule.apiVersions, seen.resource.kind.version)
  && coversResource(rule.resources, seen.resource.kind.plural, seen.subresource) && coversScope(rule.scope, seen);

/** The version of the resource by which a rule catches the request; undefined when none does. */
export function caughtAs(
  rules: readonly RuleWithOperations[] | undefined, matchPolicy: string | undefined, seen: Seen, equivalents: Equivalents,
): AnyResource | undefined {
  if (rules?.some((rule) => ruleMatches(rule, seen))) return seen.resource;
  if (matchPolicy === 'Exact') return undefined;
  return equivalents(seen.resource).find((resource) => resource !== seen.resource && rules?.some((rule) => ruleMatches(rule, { ...seen, resource })));
}

const compiled = new WeakMap<LabelSelectorObject, LabelSelector>();

function selectorOf(selector: LabelSelectorObject): LabelSelector {
  let known = compiled.get(selector);
  if (!known) {
    known = LabelSelector.of(selector);
    compiled.set(selector, known);
  }
  return known;
}

/** Before or after the change. */
export function objectMatches(selector: LabelSelectorObject | undefined, object: KubernetesObject | undefined, old: KubernetesObject | undefined): boolean {
  if (selector === undefined || selectorOf(selector).empty) return true;
  return [object, old].some((one) => one !== undefined && selectorOf(selector).matches(one.metadata.labels));
}

/** Objects outside of namespaces are always meant; a namespace is selected by its own labels. */
export function namespaceMatches(selector: LabelSelectorObject | undefined, request: AdmissionRequest, objects: ObjectStore): boolean {
  if (selector === undefined || selectorOf(selector).empty) return true;
  const { resource, object, old, namespace } = request;
  if (resourceName(resource.kind) === 'namespaces') return objectMatches(selector, object, object === undefined ? old : undefined);
  if (namespace === undefined || !resource.kind.namespaced) return true;
  return selectorOf(selector).matches(objects.get(Namespace, undefined, namespace)?.metadata.labels);
}
