import { LimitRange, type LimitRangeItem } from '#core/api/schema/core-v1/limit-range.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { isKindOf, type KubernetesObject } from '#core/api/schema/kind.ts';
import { podTotal } from '#core/api/quota/pod-usage.ts';
import { Quantity } from '#core/api/quantity.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';

type Texts = Readonly<Record<string, string>> | undefined;
type Amounts = ReadonlyMap<string, Quantity>;

/** Holds single objects to the LimitRanges of their namespace, and gives containers the requests and limits that they set as defaults. */
export const limitRanger: AdmissionPlugin = {
  name: 'LimitRanger',
  mutate({ operation, subresource, namespace, object }, objects) {
    if (operation !== 'CREATE' || subresource !== '' || object === undefined || !isKindOf(object, Pod)) return;
    for (const { spec } of rangesOf(namespace, objects)) {
      for (const item of spec.limits) if (item.type === 'Container') setDefaults(object, item);
    }
  },
  validate(request, objects) {
    const { object, namespace, resource, name } = request;
    if (object === undefined || !isLimited(request)) return;
    const problems = rangesOf(namespace, objects).flatMap(({ spec }) => spec.limits.flatMap((item) => [...problemsOf(object, item)]));
    if (problems.length > 0) throw StatusError.forbidden(resource.kind, name, problems.length === 1 ? problems.join() : `[${problems.join(', ')}]`);
  },
};

/** What a pod's containers ask for changes after its creation through `resize` only. */
function isLimited({ operation, subresource, object }: AdmissionRequest): boolean {
  if (operation === 'DELETE' || object === undefined || object.metadata.deletionTimestamp !== undefined) return false;
  if (isKindOf(object, Pod)) return operation === 'CREATE' ? subresource === '' : subresource === 'resize';
  return isKindOf(object, PersistentVolumeClaim) && subresource === '';
}

function rangesOf(namespace: string | undefined, objects: ObjectStore): LimitRange[] {
  const found: LimitRange[] = [];
  for (const [, candidate] of objects.cache(LimitRange).range(`${namespace ?? ''}/`)) if (isKindOf(candidate, LimitRange)) found.push(candidate);
  return found;
}

const annotation = 'kubernetes.io/limit-ranger';

function setDefaults(pod: Pod, { default: limits = {}, defaultRequest: requests = {} }: LimitRangeItem): void {
  const done: string[] = [];
  for (const [list, what] of [['containers', 'container'], ['initContainers', 'init container']] as const) {
    for (const { name, resources } of pod.spec[list] ?? []) {
      for (const [kind, defaults] of [['requests', requests], ['limits', limits]] as const) {
        const missing = Object.keys(defaults).filter((each) => !Object.hasOwn(resources[kind] ?? {}, each)).sort();
        if (missing.length === 0) continue;
        resources[kind] = { ...defaults, ...resources[kind] };
        done.push(`${missing.join(', ')} ${kind.slice(0, -1)} for ${what} ${name}`);
      }
    }
  }
  if (done.length > 0) pod.metadata.annotations = { ...pod.metadata.annotations, [annotation]: `LimitRanger plugin set: ${done.join('; ')}` };
}

const amountsOf = (texts: Texts): Amounts => new Map(Object.entries(texts ?? {}).map(([name, text]) => [name, Quantity.parse(text)]));

/** What one thing asks for, and how much it may use. */
interface Use {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

function usesOf(object: KubernetesObject, type: string): readonly Use[] {
  if (isKindOf(object, PersistentVolumeClaim)) return type === 'PersistentVolumeClaim' ? [{ requests: amountsOf(object.spec.resources.requests), limits: new Map() }] : [];
  if (!isKindOf(object, Pod)) return [];
  if (type === 'Container') {
    return [...object.spec.containers, ...(object.spec.initContainers ?? [])].map(({ resources }) => ({ requests: amountsOf(resources.requests), limits: amountsOf(resources.limits) }));
  }
  return type === 'Pod' ? [podUse(object)] : [];
}

/** Of all containers together; what is said of the pod as a whole counts instead. */
function podUse(pod: Pod): Use {
  const { overhead: _overhead, ...spec } = pod.spec;
  const total = (kind: 'requests' | 'limits'): Amounts => new Map([...podTotal({ ...pod, spec }, kind), ...amountsOf(spec.resources?.[kind])]);
  return { requests: total('requests'), limits: total('limits') };
}

function* problemsOf(object: KubernetesObject, item: LimitRangeItem): Generator<string> {
  const { type, min, max, maxLimitRequestRatio } = item;
  const isClaim = isKindOf(object, PersistentVolumeClaim);
  for (const use of usesOf(object, type)) {
    for (const [name, least] of amountsOf(min)) yield* minProblem(`minimum ${name} usage per ${type} is ${least.toString()}`, name, least, use);
    for (const [name, most] of amountsOf(max)) yield* maxProblem(`maximum ${name} usage per ${type} is ${most.toString()}`, name, most, use, isClaim);
    if (isClaim) continue;
    for (const [name, most] of amountsOf(maxLimitRequestRatio)) yield* ratioProblem(`${name} max limit to request ratio per ${type} is ${most.toString()}`, name, most, use);
  }
}

function* minProblem(rule: string, name: string, least: Quantity, { requests, limits }: Use): Generator<string> {
  const [request, limit] = [requests.get(name), limits.get(name)];
  if (request === undefined) yield `${rule}. No request is specified`;
  else if (request.compare(least) < 0) yield `${rule}, but request is ${request.toString()}`;
  else if (limit !== undefined && limit.compare(least) < 0) yield `${rule}, but limit is ${limit.toString()}`;
}

/** A claim has no limits: what it asks for is what it gets. */
function* maxProblem(rule: string, name: string, most: Quantity, { requests, limits }: Use, isClaim: boolean): Generator<string> {
  const [request, limit] = [requests.get(name), limits.get(name)];
  if (isClaim && request === undefined) yield `${rule}. No request is specified`;
  else if (!isClaim && limit === undefined) yield `${rule}. No limit is specified`;
  else if (limit !== undefined && limit.compare(most) > 0) yield `${rule}, but limit is ${limit.toString()}`;
  else if (request !== undefined && request.compare(most) > 0) yield `${rule}, but request is ${request.toString()}`;
}

const billion = 1_000_000_000n;

function* ratioProblem(rule: string, name: string, most: Quantity, { requests, limits }: Use): Generator<string> {
  const [request, limit] = [requests.get(name)?.nanos ?? 0n, limits.get(name)?.nanos ?? 0n];
  if (request === 0n) yield `${rule}, but no request is specified or request is 0`;
  else if (limit === 0n) yield `${rule}, but no limit is specified or limit is 0`;
  else if (limit * billion > most.nanos * request) yield `${rule}, but provided ratio is ${(Number(limit) / Number(request)).toFixed(6)}`;
}
