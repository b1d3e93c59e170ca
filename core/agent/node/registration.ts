import { Node, type Taint } from '#core/api/schema/core-v1/node.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import { architecture } from './node-info.ts';
import type { Observed } from './observed.ts';
import { conditionsOf } from './conditions.ts';
import type { NodeSettings } from './settings.ts';

/** The volumes of this node are attached by a controller, not by the agent. */
const attachAnnotation = 'volumes.kubernetes.io/controller-managed-attach-detach';

/** Among the addresses that a provider tells of the node, the ones that it is to be reached at. */
const providedIpAnnotation = 'alpha.kubernetes.io/provided-node-ip';
const uninitialized: Taint = { key: 'node.cloudprovider.kubernetes.io/uninitialized', value: 'true', effect: 'NoSchedule' };

const ownAnnotations = ({ isExternal = false, addresses = [] }: NodeSettings): Record<string, string> =>
  ({ [attachAnnotation]: 'true', ...(isExternal && addresses.length > 0 ? { [providedIpAnnotation]: addresses.join(',') } : {}) });

/** Somebody may have said more exactly for whom the node waits. */
const ownTaints = ({ isExternal = false, taints = [] }: NodeSettings): readonly Taint[] =>
  (isExternal && !taints.some(({ key }) => key === uninitialized.key) ? [...taints, uninitialized] : taints);

/** The beta labels are older than the others, and what selects by them is still about. */
function ownLabels(name: string): Record<string, string> {
  const [os, arch] = [process.platform === 'win32' ? 'windows' : process.platform, architecture()];
  return { 'kubernetes.io/hostname': name, 'kubernetes.io/os': os, 'kubernetes.io/arch': arch, 'beta.kubernetes.io/os': os, 'beta.kubernetes.io/arch': arch };
}

/** The node as a new one stands in the API. */
function draftOf(settings: NodeSettings, { status, health }: Observed, now: number) {
  const { name, labels = {}, providerId } = settings;
  const taints = ownTaints(settings);
  return {
    metadata: { name, labels: { ...labels, ...ownLabels(name) }, annotations: ownAnnotations(settings) },
    spec: { ...(taints.length === 0 ? {} : { taints: [...taints] }), ...(providerId === undefined ? {} : { providerID: providerId }) },
    status: { ...status, conditions: conditionsOf([], health, now) },
  };
}

/**
 * Makes the Node object, or takes the one that is there: its labels and annotations are completed, its taints stay its administrator's.
 * `isNew` tells which of the two it was.
 */
export async function register(client: Client, settings: NodeSettings, observed: Observed, now: number, signal: AbortSignal): Promise<{ readonly node: Node; readonly isNew: boolean }> {
  try {
    return { node: await client.create(Node, draftOf(settings, observed, now), {}, signal), isNew: true };
  } catch (error) {
    if (!StatusError.is(error, 'AlreadyExists')) throw error;
  }
  const node = await client.get(Node, { name: settings.name }, signal);
  return { node: await completed(client, settings, node, signal), isNew: false };
}

async function completed(client: Client, settings: NodeSettings, node: Node, signal: AbortSignal): Promise<Node> {
  const { name, labels = {} } = settings;
  const missing = (wanted: Readonly<Record<string, string>>, there: Readonly<Record<string, string>> = {}): Record<string, string> =>
    Object.fromEntries(Object.entries(wanted).filter(([key, value]) => there[key] !== value));
  const metadata = {
    labels: missing({ ...labels, ...ownLabels(name) }, node.metadata.labels), annotations: missing(ownAnnotations(settings), node.metadata.annotations),
  };
  if (Object.keys(metadata.labels).length + Object.keys(metadata.annotations).length === 0) return node;
  return client.patch(Node, { name }, { type: 'merge', document: { metadata: { uid: node.metadata.uid, ...metadata } } }, {}, signal);
}
