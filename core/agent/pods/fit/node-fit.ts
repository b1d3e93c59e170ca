import { isRequiredNode, nodeFacts, tolerates } from '#core/api/node-selector.ts';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { portMappings } from '#core/agent/pods/sandboxes/port-mappings.ts';
import type { PortMapping } from '#core/spi/network-plugin.ts';
import type { Refusal } from './refusal.ts';

const refused = (name: string, message: string): Refusal => ({ reason: name, message: `Predicate ${name} failed: ${message}` });

/** Whether the node is one that the pod asks for. */
export const affinityRefusal = ({ spec }: Pod, node: Node): Refusal | undefined =>
  (isRequiredNode(spec, nodeFacts(node)) ? undefined : refused('NodeAffinity', "node(s) didn't match Pod's node affinity/selector"));

/** Whether the ports of the node that the pod needs are free. */
export function portRefusal(pod: Pod, others: readonly Pod[]): Refusal | undefined {
  const wanted = hostPorts(pod);
  if (wanted.length === 0) return undefined;
  const taken = others.flatMap(hostPorts);
  return wanted.some((port) => taken.some((other) => collide(port, other))) ? refused('NodePorts', "node(s) didn't have free ports for the requested pod ports") : undefined;
}

type HostPort = Pick<PortMapping, 'hostPort' | 'protocol' | 'hostIP'>;

/** A pod in the node's network takes the ports that its containers name. */
function hostPorts(pod: Pod): readonly HostPort[] {
  if (pod.spec.hostNetwork !== true) return portMappings(pod);
  return portMappings({ ...pod, spec: { ...pod.spec, hostNetwork: false } });
}

const isEverywhere = (ip: string | undefined): boolean => ip === undefined || ip === '' || ip === '0.0.0.0' || ip === '::';

const collide = (a: HostPort, b: HostPort): boolean =>
  a.hostPort === b.hostPort && a.protocol === b.protocol && (a.hostIP === b.hostIP || isEverywhere(a.hostIP) || isEverywhere(b.hostIP));

/** Whether the node would end the pod at once. Pods of the node itself stay whatever its taints. */
export function taintRefusal({ spec: { tolerations = [] } }: Pod, { spec }: Node): Refusal | undefined {
  const taint = (spec?.taints ?? []).find((one) => one.effect === 'NoExecute' && !tolerations.some((toleration) => tolerates(toleration, one)));
  return taint === undefined ? undefined : refused('TaintToleration', `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`);
}
