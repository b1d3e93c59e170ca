import type { KindOf } from '#core/api/schema/kind.ts';
import { always, atomic, list, map, quantity, required, string, type Of } from '#core/api/schema/type.ts';
import { core } from './core.ts';

export const ScopedResourceSelectorRequirement = core.type('ScopedResourceSelectorRequirement', 'A condition on what a quota counts.', {
  scopeName: [1, required(string), 'The scope, such as PriorityClass.'],
  operator: [2, required(string), 'In, NotIn, Exists or DoesNotExist.'],
  values: [3, list(string), 'For In and NotIn: the values; otherwise empty.'],
});
export type ScopedResourceSelectorRequirement = Of<typeof ScopedResourceSelectorRequirement>;

export const ScopeSelector = atomic(core.type('ScopeSelector', 'Selects what a quota counts; all conditions must hold.', {
  matchExpressions: [1, list(ScopedResourceSelectorRequirement), 'The conditions.'],
}));
export type ScopeSelector = Of<typeof ScopeSelector>;

export const ResourceQuotaSpec = core.type('ResourceQuotaSpec', 'The limits of a namespace.', {
  hard: [1, map(quantity), 'The most of each resource or kind of object, such as requests.storage or count/pods.'],
  scopes: [2, list(string), 'Count only objects to which all of these scopes apply.'],
  scopeSelector: [3, ScopeSelector, 'Count only objects that this selects.'],
});
export type ResourceQuotaSpec = Of<typeof ResourceQuotaSpec>;

export const ResourceQuotaStatus = core.type('ResourceQuotaStatus', 'The limits in force and what is used.', {
  hard: [1, map(quantity), 'The limits in force.'],
  used: [2, map(quantity), 'What is used now.'],
});
export type ResourceQuotaStatus = Of<typeof ResourceQuotaStatus>;

export const ResourceQuota = core.kind('ResourceQuota', 'Limits what all objects of a namespace may use together.', {
  spec: [2, always(ResourceQuotaSpec), 'The limits.'],
  status: [3, always(ResourceQuotaStatus), 'The limits in force and what is used.'],
});
export type ResourceQuota = KindOf<typeof ResourceQuota>;
