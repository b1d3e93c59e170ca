import type { Toleration } from '#core/api/schema/core-v1/affinity.ts';
import { Pod, type PodSpec } from '#core/api/schema/core-v1/pod.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { RuntimeClass, type Scheduling } from '#core/api/schema/node-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import { Quantity } from '#core/api/quantity.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';

/** A pod that names a RuntimeClass gets the overhead of its runtime, and goes to nodes that have it (KEP-585, KEP-688). */
export const runtimeClass: AdmissionPlugin = {
  name: 'RuntimeClass',
  mutate(request, objects) {
    const pod = newPod(request);
    const found = pod && classOf(pod, objects);
    if (pod === undefined || found === undefined) return;
    const { overhead, scheduling } = found;
    if (overhead !== undefined) {
      if (pod.spec.overhead !== undefined && !sameAmounts(pod.spec.overhead, overhead.podFixed)) throw refuse(pod, mismatch);
      pod.spec.overhead = { ...overhead.podFixed };
    }
    if (scheduling !== undefined) schedule(pod, scheduling);
  },
  validate(request, objects) {
    const pod = newPod(request);
    if (pod === undefined) return;
    const expected = classOf(pod, objects)?.overhead;
    const given = pod.spec.overhead;
    if (expected === undefined && given !== undefined) throw refuse(pod, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
    if (expected !== undefined && !sameAmounts(given, expected.podFixed)) throw refuse(pod, mismatch);
  },
};

const mismatch = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

const newPod = ({ operation, object, subresource }: AdmissionRequest): Pod | undefined =>
  (operation === 'CREATE' && subresource === '' && object !== undefined && isKindOf(object, Pod) ? object : undefined);

const refuse = ({ metadata }: Pod, why: string): StatusError => StatusError.forbidden(Pod, metadata.name, why);

function classOf(pod: Pod, objects: ObjectStore): RuntimeClass | undefined {
  const { runtimeClassName: name } = pod.spec;
  if (name === undefined) return undefined;
  const found = objects.get(RuntimeClass, undefined, name);
  if (found === undefined || !isKindOf(found, RuntimeClass)) throw refuse(pod, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  return found;
}

function sameAmounts(a: PodSpec['overhead'] = {}, b: PodSpec['overhead'] = {}): boolean {
  const amounts = (texts: Readonly<Record<string, string>>): [string, string][] => Object.entries(texts).map(([name, text]) => [name, String(Quantity.parse(text).nanos)]);
  return deepEqual(Object.fromEntries(amounts(a)), Object.fromEntries(amounts(b)));
}

function schedule(pod: Pod, { nodeSelector = {}, tolerations = [] }: Scheduling): void {
  const own = pod.spec.nodeSelector ?? {};
  for (const [key, value] of Object.entries(nodeSelector)) {
    const other = Object.hasOwn(own, key) ? own[key] : value;
    if (other !== value) throw refuse(pod, `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${other ?? ''}`);
  }
  if (Object.keys(nodeSelector).length > 0) pod.spec.nodeSelector = { ...own, ...nodeSelector };
  if (tolerations.length > 0) pod.spec.tolerations = joined(pod.spec.tolerations ?? [], tolerations);
}

/** Both lists, without what the other one tolerates anyway. */
function joined(own: readonly Toleration[], more: readonly Toleration[]): Toleration[] {
  const kept = own.filter((each) => !more.some((other) => includes(other, each) && !includes(each, other)));
  return [...kept, ...more.filter((each) => !kept.some((other) => includes(other, each)))];
}

/** Whether everything that `small` tolerates is tolerated by `large`. */
function includes(large: Toleration, small: Toleration): boolean {
  const { key = '', operator = 'Equal', effect } = large;
  if (key !== (small.key ?? '') && !(key === '' && operator === 'Exists')) return false;
  if (effect !== undefined && effect !== small.effect) return false;
  return lastsAsLong(large, small) && (operator === 'Exists' || sameValue(large, small));
}

const lastsAsLong = ({ effect, tolerationSeconds: seconds = Infinity }: Toleration, small: Toleration): boolean =>
  effect !== 'NoExecute' || (small.tolerationSeconds ?? Infinity) <= seconds;

const sameValue = ({ value = '' }: Toleration, small: Toleration): boolean => small.operator !== 'Exists' && value === (small.value ?? '');
