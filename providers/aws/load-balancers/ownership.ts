import { createHash } from 'node:crypto';
import type { LoadBalancerOwner } from '#core/spi/load-balancers.ts';
import { clusterTag } from '#providers/aws/context.ts';

export const nameTag = 'kubernetes.io/service-name';
export const uidTag = 'keelson.dev/service-uid';

export type Tags = ReadonlyMap<string, string>;

/** As the SDK writes them. */
export interface SdkTag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

export const readTags = (tags: readonly SdkTag[] = []): Tags => new Map(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
export const writeTags = (tags: Tags): { Key: string; Value: string }[] => [...tags].map(([Key, Value]) => ({ Key, Value }));

/** The marks by which it is found again. */
export const ownerTags = (clusterId: string, { namespace, name, uid }: LoadBalancerOwner): Tags => new Map([[clusterTag(clusterId), 'owned'], [nameTag, `${namespace}/${name}`], [uidTag, uid]]);

/** Whose it is; undefined when it is another cluster's, or nobody's. */
export function ownerIn(tags: Tags, clusterId: string): LoadBalancerOwner | undefined {
  const [namespace = '', name = ''] = (tags.get(nameTag) ?? '').split('/');
  const uid = tags.get(uidTag);
  return tags.get(clusterTag(clusterId)) === 'owned' && uid !== undefined ? { namespace, name, uid } : undefined;
}

/** Of a service that wishes for no name. */
export const usualName = ({ uid }: Pick<LoadBalancerOwner, 'uid'>): string => `a${uid.replaceAll('-', '')}`.slice(0, 32);

export const securityGroupName = ({ uid }: Pick<LoadBalancerOwner, 'uid'>): string => `keelson-nlb-${uid}`;

const part = (text: string): string => text.replace(/[^A-Za-z0-9]/g, '').slice(0, 8);

/** With this the names of all target groups of a service begin; those of others may, too. */
export const targetGroupPrefix = ({ namespace, name }: LoadBalancerOwner): string => `k8s-${part(namespace)}-${part(name)}-`;

/** @param settings what of a target group can never change */
export const targetGroupName = (clusterId: string, owner: LoadBalancerOwner, settings: readonly unknown[]): string =>
  `${targetGroupPrefix(owner)}${createHash('sha256').update(JSON.stringify([clusterId, owner.uid, ...settings])).digest('hex').slice(0, 10)}`;
