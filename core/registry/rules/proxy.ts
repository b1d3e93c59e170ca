import type { Kind } from '#core/api/schema/kind.ts';
import type { Subresource } from '#core/registry/resource.ts';

/** Requests below `/proxy` go on to what the object stands for. @param kind of the options */
export const proxySubresource = (kind: Kind): Subresource => ({ name: 'proxy', verbs: ['create', 'delete', 'get', 'patch', 'update'], kind, connects: { withPath: true } });
