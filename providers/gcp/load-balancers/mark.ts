import { isObject } from '#core/api/value.ts';
import type { LoadBalancerOwner } from '#core/spi/load-balancers.ts';

/** Whose a resource is. */
export interface Mark {
  readonly cluster: string;
  /** Undefined for what all load balancers of the cluster share. */
  readonly owner?: LoadBalancerOwner;
}

const clusterKey = 'keelson.dev/cluster';
const serviceKey = 'kubernetes.io/service-name';
const uidKey = 'keelson.dev/service-uid';

/** A description, the one text that every kind of resource can be made with. */
export function descriptionOf({ cluster, owner }: Mark): string {
  return JSON.stringify({ ...(owner === undefined ? {} : { [serviceKey]: `${owner.namespace}/${owner.name}`, [uidKey]: owner.uid }), [clusterKey]: cluster });
}

/** Undefined for a description that is somebody else's. */
export function markOf(description: string | null | undefined): Mark | undefined {
  const said = parsed(description ?? '');
  const [cluster, service, uid] = [said[clusterKey], said[serviceKey], said[uidKey]];
  if (typeof cluster !== 'string') return undefined;
  if (service === undefined && uid === undefined) return { cluster };
  if (typeof service !== 'string' || typeof uid !== 'string' || !/^[^/]+\/[^/]+$/.test(service)) return undefined;
  const [namespace = '', name = ''] = service.split('/');
  return { cluster, owner: { namespace, name, uid } };
}

/** A service is known by its UID: one that was made again under the same name is another one. */
export const isSameMark = (a: Mark | undefined, b: Mark): boolean => a?.cluster === b.cluster && a.owner?.uid === b.owner?.uid;

function parsed(text: string): Readonly<Record<string, unknown>> {
  if (!text.startsWith('{')) return {};
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
