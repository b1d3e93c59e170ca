import { string } from '#core/api/schema/type.ts';
import { optionsKind } from './options-kind.ts';

const proxyOptions = (kind: string, of: string, namespaced: boolean) =>
  optionsKind(kind, namespaced, `Options of a request that is passed on to a ${of}.`, { path: [1, string, `The path of the request at the ${of}.`] });

export const PodProxyOptions = proxyOptions('PodProxyOptions', 'pod', true);
export const ServiceProxyOptions = proxyOptions('ServiceProxyOptions', 'service', true);
export const NodeProxyOptions = proxyOptions('NodeProxyOptions', 'node', false);
