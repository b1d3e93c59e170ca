import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Service } from '#core/api/schema/core-v1/service.ts';
import { deepEqual } from '#core/api/value.ts';
import { keyOf } from '#core/client/client.ts';
import type { Informer } from '#core/reconcile/informer.ts';
import { isTerminated } from '#core/controllers/storage/pods.ts';
import { addressesOf, isReady, isSelecting } from './desired.ts';

const servicesIn = 'selecting-services-in';
const podsIn = 'pods-in';
const namespaceIfSelecting = (service: Service): string[] => (isSelecting(service) ? [service.metadata.namespace ?? ''] : []);
const namespaceOf = ({ metadata }: Pod): string[] => [metadata.namespace ?? ''];

/** Which services select which pods. */
export class ServicesOfPods {
  readonly #services: Informer<Service>;
  readonly #pods: Informer<Pod>;

  constructor(services: Informer<Service>, pods: Informer<Pod>) {
    this.#services = services;
    this.#pods = pods;
    services.addIndex(servicesIn, namespaceIfSelecting);
    pods.addIndex(podsIn, namespaceOf);
  }

  /** The pods that a service selects. */
  of({ metadata: { namespace = '' }, spec }: Service): readonly Pod[] {
    return this.#pods.byIndex(podsIn, namespace).filter((pod) => isSelectedBy(spec.selector, pod));
  }

  /** Keys of the services whose endpoints a change of a pod may change. */
  affected(pod: Pod | undefined, previous: Pod | undefined): string[] {
    const some = pod ?? previous;
    if (some === undefined || (pod !== undefined && previous !== undefined && isSameToServices(pod, previous))) return [];
    return this.#services.byIndex(servicesIn, some.metadata.namespace ?? '')
      .filter(({ spec }) => [pod, previous].some((one) => one !== undefined && isSelectedBy(spec.selector, one))).map(keyOf);
  }

  /** Keys of the services with pods on the node. */
  onNode(name: string): string[] {
    return [...new Set([...this.#pods.values()].filter(({ spec }) => spec.nodeName === name).flatMap((pod) => this.affected(pod, undefined)))];
  }
}

const isSelectedBy = (selector: Service['spec']['selector'], { metadata: { labels } }: Pod): boolean => Object.entries(selector ?? {}).every(([name, value]) => labels?.[name] === value);

const isSameToServices = (a: Pod, b: Pod): boolean =>
  deepEqual(a.metadata.labels ?? {}, b.metadata.labels ?? {}) && deepEqual(addressesOf(a), addressesOf(b)) && isReady(a) === isReady(b) && isTerminated(a) === isTerminated(b) &&
  (a.metadata.deletionTimestamp === undefined) === (b.metadata.deletionTimestamp === undefined) && a.spec.nodeName === b.spec.nodeName && a.metadata.uid === b.metadata.uid;
