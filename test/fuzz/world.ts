import type { ControlPlane } from '#test/fixtures/control-plane.ts';
import { plainDefinition } from './definitions.ts';
import { collectionOf, builtInTargets, fixedDefinition } from './targets.ts';

const metadata = { name: 'fixed', namespace: 'default' };
const pods = '/api/v1/namespaces/default/pods';

/** What requests that are handed on lead to; the backend stands behind every address. */
const fixed: readonly (readonly [path: string, object: object])[] = [
  ['/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } }],
  ['/api/v1/nodes', { metadata: { name: 'fixed' }, status: { addresses: [{ type: 'InternalIP', address: '10.9.9.9' }], daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } } } }],
  [pods, { metadata, spec: { nodeName: 'fixed', containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 80 }] }] } }],
  ['/api/v1/namespaces/default/services', { metadata, spec: { ports: [{ port: 80 }] } }],
  ['/api/v1/namespaces/default/endpoints', { metadata, subsets: [{ addresses: [{ ip: '10.9.9.8' }], ports: [{ port: 80 }] }] }],
  ['/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', { metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'fixed' } }, addressType: 'IPv4', endpoints: [{ addresses: ['10.9.9.8'] }], ports: [{ port: 80 }] }],
  ['/apis/apiregistration.k8s.io/v1/apiservices', { metadata: { name: 'v1.fixed.extension.example.com' }, spec: { group: 'fixed.extension.example.com', version: 'v1', groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true, service: { name: 'fixed', namespace: 'default', port: 80 } } }],
  ['/apis/apiextensions.k8s.io/v1/customresourcedefinitions', plainDefinition(fixedDefinition)],
];

/** What keeps others from being accepted, or grows without end. */
const swept = ['validatingadmissionpolicies', 'validatingadmissionpolicybindings', 'validatingwebhookconfigurations', 'mutatingwebhookconfigurations', 'resourcequotas', 'limitranges', 'events', 'configmaps', 'flowschemas', 'prioritylevelconfigurations', 'namespaces', 'servicecidrs'];

/** Puts the world back into a state in which most things can happen. */
export async function tidy(plane: ControlPlane): Promise<void> {
  for (const target of builtInTargets) {
    if (!swept.includes(target.kind.plural)) continue;
    const { body } = await plane.send('GET', collectionOf(target));
    for (const { metadata: { name } } of (body?.items ?? []) as { metadata: { name: string } }[]) {
      if (/^(default|kube-|exempt$|catch-all$|system|global-|workload-|leader-|node-|service-accounts|probes|endpoint)/.test(name)) continue;
      const path = `${collectionOf(target)}/${encodeURIComponent(name)}`;
      await plane.send('DELETE', path);
      await plane.send('PATCH', path, { headers: { 'Content-Type': 'application/merge-patch+json' }, body: { metadata: { finalizers: null } } });
      if (target.kind.plural === 'namespaces') await plane.send('PUT', `${path}/finalize`, { body: { kind: 'Namespace', apiVersion: 'v1', metadata: { name }, spec: { finalizers: [] } } });
    }
  }
  for (const [path, object] of fixed) await plane.send('POST', path, { body: object });
  await plane.send('PATCH', `${pods}/fixed/status`, { headers: { 'Content-Type': 'application/merge-patch+json' }, body: { status: { phase: 'Running', podIP: '10.9.9.7', podIPs: [{ ip: '10.9.9.7' }] } } });
}
