import type { Kind } from '#core/api/schema/kind.ts';
import { PodAttachOptions, PodExecOptions, PodLogOptions, PodPortForwardOptions } from '#core/api/schema/core-v1/pod-options.ts';
import type { Subresource } from '#core/registry/resource.ts';

const stream = (name: string, kind: Kind): Subresource => ({ name, verbs: ['create', 'get'], kind, connects: { withPath: false } });

/** What the node of a pod does with it at the caller's wish. */
export const podStreamSubresources: readonly Subresource[] = [
  stream('attach', PodAttachOptions), stream('exec', PodExecOptions), stream('portforward', PodPortForwardOptions),
  { name: 'log', verbs: ['get'], connects: { withPath: false, reads: PodLogOptions } },
];
