import type { Choices } from './choices.ts';
import { namespace } from './targets.ts';

/** What is sent to a subresource that takes something else than the object; undefined for the others. */
export function subresourceBody(subresource: string, name: string, choices: Choices): Record<string, unknown> | undefined {
  const metadata = { name, namespace };
  switch (subresource) {
    case 'scale': return { kind: 'Scale', apiVersion: 'autoscaling/v1', metadata, spec: { replicas: choices.one([0, 3, -1, 2 ** 31, 2 ** 31 - 1]) } };
    case 'eviction': return { kind: 'Eviction', apiVersion: 'policy/v1', metadata, deleteOptions: { gracePeriodSeconds: choices.one([0, 30, -1]), propagationPolicy: 'Background', dryRun: choices.one([undefined, ['All']]) } };
    case 'binding': return { kind: 'Binding', apiVersion: 'v1', metadata, target: { kind: choices.one(['Node', 'Pod', '']), name: choices.one(['fixed', 'f1', '']) } };
    case 'token': return { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', metadata, spec: { audiences: choices.one([[], ['x'], ['https://kubernetes.default.svc.cluster.local', '']]), expirationSeconds: choices.one([600, 1, 2 ** 32]), boundObjectRef: choices.one([undefined, { kind: 'Pod', apiVersion: 'v1', name: 'f1' }, { kind: 'Secret', apiVersion: 'v1', name: 'f2', uid: 'x' }, { kind: 'X', apiVersion: '' }]) } };
    case 'approval': return { kind: 'CertificateSigningRequest', apiVersion: 'certificates.k8s.io/v1', metadata: { name }, spec: {}, status: { conditions: [{ type: choices.one(['Approved', 'Denied', 'Failed', 'x']), status: choices.one(['True', 'False']), reason: 'r' }], certificate: choices.one([undefined, 'eA==']) } };
    case 'ephemeralcontainers': return { kind: 'Pod', apiVersion: 'v1', metadata, spec: { containers: [{ name: 'c', image: 'nginx' }], ephemeralContainers: [{ name: choices.one(['d', 'c', '']), image: 'busybox', targetContainerName: 'c', ...(choices.chance(0.2) ? { ports: [{ containerPort: 1 }] } : {}) }] } };
    case 'resize': return { kind: 'Pod', apiVersion: 'v1', metadata, spec: { containers: [{ name: 'c', image: 'nginx', resources: { requests: { cpu: choices.one(['1', '2', '-1']) }, limits: { memory: '1Gi' } } }] } };
    default: return undefined;
  }
}
