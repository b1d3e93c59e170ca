import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import { string, type Struct } from '#core/api/schema/type.ts';
import { core } from './core.ts';

/** Options of a connection are a kind without metadata: they are never stored, and only the URL says what they are. */
const optionsKind = (kind: string, of: string, namespaced: boolean): Kind => ({
  group: '', version: 'v1', kind, plural: kind.toLowerCase(), singular: kind.toLowerCase(), namespaced,
  struct: core.type(kind, `Options of a request that is passed on to a ${of}.`, {
    apiVersion: [-1, string, 'Group and version of this object\'s schema.'],
    kind: [-2, string, 'The kind of this object.'],
    path: [1, string, `The path of the request at the ${of}.`],
  }) as unknown as Struct<KubernetesObject>,
});

export const PodProxyOptions = optionsKind('PodProxyOptions', 'pod', true);
export const ServiceProxyOptions = optionsKind('ServiceProxyOptions', 'service', true);
export const NodeProxyOptions = optionsKind('NodeProxyOptions', 'node', false);
