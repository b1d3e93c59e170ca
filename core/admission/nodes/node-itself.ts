import { Node } from '#core/api/schema/core-v1/node.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { deepEqual } from '#core/api/value.ts';
import { forbiddenLabels } from './node-labels.ts';
import { refuseIf, type NodeWrite } from './refusal.ts';

/** A node writes its own object only, and nothing of it that decides which pods come to it or how long it stays. */
export function checkNode({ node, request }: NodeWrite): void {
  const { operation, name, object, old } = request;
  refuseIf(request, name === node ? undefined : `node "${node}" is not allowed to modify node "${name}"`);
  if (object === undefined || !isKindOf(object, Node)) return;
  if (operation === 'CREATE') return refuseIf(request, newNodeProblem(node, object));
  if (old !== undefined && isKindOf(old, Node)) refuseIf(request, changeProblem(node, object, old));
}

function newNodeProblem(node: string, { metadata, spec }: Node): string | undefined {
  if (spec.configSource !== undefined) return `node "${node}" is not allowed to create pods with a non-nil configSource`;
  const labels = forbiddenLabels(metadata.labels);
  return labels.length > 0 ? `node "${node}" is not allowed to set the following labels: ${labels.join(', ')}` : undefined;
}

function changeProblem(node: string, { metadata, spec }: Node, old: Node): string | undefined {
  if (spec.configSource !== undefined && !deepEqual(spec.configSource, old.spec.configSource)) {
    return `node "${node}" is not allowed to update configSource to a new non-nil configSource`;
  }
  if (!deepEqual(spec.taints ?? [], old.spec.taints ?? [])) return `node "${node}" is not allowed to modify taints`;
  const labels = forbiddenLabels(metadata.labels, old.metadata.labels);
  if (labels.length > 0) return `is not allowed to modify labels: ${labels.join(', ')}`;
  // An owner that does not exist would make the garbage collector delete the node, which could then come back with other labels and taints.
  return deepEqual(metadata.ownerReferences ?? [], old.metadata.ownerReferences ?? []) ? undefined : `node "${node}" is not allowed to modify ownerReferences`;
}
