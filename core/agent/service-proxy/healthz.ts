import type { RequestListener } from 'node:http';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { ProxyHealth } from './proxy-health.ts';

/** The cluster autoscaler is about to remove the node. */
const toBeDeletedTaint = 'ToBeDeletedByClusterAutoscaler';

/** Whether load balancers should go on sending new connections here. */
const isEligible = (node: Node | undefined): boolean =>
  node === undefined || (node.metadata.deletionTimestamp === undefined && !(node.spec.taints ?? []).some(({ key }) => key === toBeDeletedTaint));

/** Kube-proxy's `/healthz`, for load balancers of services with policy Cluster, and `/livez`, which says nothing of the node (KEP-3836). */
export const healthz = (health: ProxyHealth, node: () => Node | undefined, clock: Clock): RequestListener => (request, response) => {
  request.resume();
  const path = (request.url ?? '').split('?', 1)[0];
  if (path !== '/healthz' && path !== '/livez') {
    response.writeHead(404).end();
    return;
  }
  const nodeEligible = isEligible(node());
  const isWell = health.isHealthy && (path === '/livez' || nodeEligible);
  const now = clock.now();
  response.writeHead(isWell ? 200 : 503, { 'Content-Type': 'application/json', 'X-Content-Type-Options': 'nosniff' });
  response.end(JSON.stringify({
    // While it is well, what it knows is as new as can be.
    lastUpdated: new Date(health.isHealthy ? now : health.lastUpdated).toISOString(), currentTime: new Date(now).toISOString(),
    ...(path === '/healthz' ? { nodeEligible } : {}),
  }));
};
