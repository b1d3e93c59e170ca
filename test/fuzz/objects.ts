import { apiVersionOf } from '#core/api/schema/kind.ts';
import type { Field, Scalar, Struct, Type } from '#core/api/schema/type.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import type { Choices } from './choices.ts';

const texts = ['a', 'web', 'default', 'x.example.com', 'example.com/x', '10.0.0.1', 'v1', 'ConfigMap', 'Always', 'TCP', 'true', '*', 'self.a == 1'];

function scalarOf(type: Scalar, choices: Choices): unknown {
  if (type.values.length > 0) return choices.one(type.values);
  switch (type.name) {
    case 'bool': return choices.chance(0.5);
    case 'int32':
    case 'int64':
    case 'double': return choices.one([0, 1, 2, 80, 443, 3600]);
    case 'quantity': return choices.one(['1', '500m', '1Gi']);
    case 'time': return '2026-01-01T00:00:00Z';
    case 'microTime': return '2026-01-01T00:00:00.000000Z';
    case 'duration': return '1h0m0s';
    case 'intOrString': return choices.one<unknown>([80, '25%', 'http']);
    case 'bytes': return Buffer.from('hello').toString('base64');
    case 'raw':
    case 'json': return { a: 1 };
    default: return choices.one(texts);
  }
}

function valueOf(type: Type, choices: Choices, depth: number): unknown {
  switch (type.form) {
    case 'scalar': return scalarOf(type, choices);
    case 'list': return Array.from({ length: depth > 6 ? 0 : choices.below(3) }, () => valueOf(type.of, choices, depth + 1));
    case 'map': return Object.fromEntries(Array.from({ length: depth > 6 ? 0 : choices.below(3) }, () => [choices.one(texts), valueOf(type.of, choices, depth + 1)]));
    case 'struct': return structOf(type, choices, depth);
  }
}

function structOf(type: Struct, choices: Choices, depth: number): Record<string, unknown> {
  const wanted = (field: Field): boolean => field.required || (depth < 7 && choices.chance(0.8 / (depth + 1)));
  return Object.fromEntries([...type.fields.values()].filter(wanted).map(({ name, type: of }) => [name, valueOf(of, choices, depth + 1)]));
}

/** An object of the kind, of the right types; whether it makes sense is another matter. */
export function randomObject({ kind }: AnyResource, name: string, namespace: string | undefined, choices: Choices): Record<string, unknown> {
  const content = structOf(kind.struct, choices, 0);
  return { ...content, apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }), labels: { app: 'fuzz' } } };
}

const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'nginx', ports: [{ containerPort: 80 }], resources: { requests: { cpu: '100m' } } }] } };
const workload = { selector: { matchLabels: { app: 'web' } }, template };
const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];

/** Content of sound objects, so that faults come behind the first checks too. By plural. */
const sound: Readonly<Record<string, object>> = {
  configmaps: { data: { a: '1' } }, secrets: { stringData: { a: '1' } }, services: { spec: { ports: [{ port: 80 }], selector: { app: 'web' } } },
  pods: { spec: template.spec }, deployments: { spec: workload }, replicasets: { spec: workload }, daemonsets: { spec: workload }, statefulsets: { spec: { ...workload, serviceName: 's' } },
  jobs: { spec: { template: { spec: { ...template.spec, restartPolicy: 'Never' } } } },
  cronjobs: { spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template: { spec: { ...template.spec, restartPolicy: 'Never' } } } } } },
  persistentvolumeclaims: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
  persistentvolumes: { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } } },
  storageclasses: { provisioner: 'example.com/p' }, roles: { rules }, clusterroles: { rules }, rolebindings: { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }, subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'a' }] },
  ingresses: { spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } } }, networkpolicies: { spec: { podSelector: {} } }, leases: { spec: { holderIdentity: 'a' } },
  limitranges: { spec: { limits: [{ type: 'Container', default: { cpu: '1' } }] } }, resourcequotas: { spec: { hard: { pods: '1000000' } } },
  poddisruptionbudgets: { spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } } }, priorityclasses: { value: 5 },
  horizontalpodautoscalers: { spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } } },
  endpointslices: { addressType: 'IPv4', endpoints: [{ addresses: ['10.1.2.3'] }], ports: [{ port: 80 }] },
  validatingadmissionpolicies: { spec: { matchConstraints: { resourceRules: [{ apiGroups: ['x.example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['xs'] }] }, validations: [{ expression: 'object.a > 1' }] } },
  selfsubjectaccessreviews: { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } },
};

export function soundObject(resource: AnyResource, name: string, namespace: string | undefined, choices: Choices): Record<string, unknown> {
  const { kind } = resource;
  if (kind.plural === 'customresourcedefinitions') return definition(name);
  const content = Object.hasOwn(sound, kind.plural) ? sound[kind.plural] : undefined;
  if (content === undefined) return randomObject(resource, name, namespace, choices);
  return { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, ...structuredClone(content) };
}

function definition(name: string): Record<string, unknown> {
  const plural = name.replaceAll(/[^a-z0-9]/g, '');
  const properties = {
    a: { type: 'integer', minimum: 0, default: 1 }, b: { type: 'string', pattern: '^[a-z]+$', maxLength: 20 }, c: { 'x-kubernetes-int-or-string': true },
    d: { type: 'array', items: { type: 'object', properties: { k: { type: 'string' } }, required: ['k'] }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], maxItems: 10 },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.fuzz.example.com` },
    spec: {
      group: 'fuzz.example.com', scope: 'Namespaced', names: { plural, kind: `K${plural}` },
      versions: [{
        name: 'v1', served: true, storage: true,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties, 'x-kubernetes-validations': [{ rule: 'self.a < 100' }] } } } },
        subresources: { status: {} }, additionalPrinterColumns: [{ name: 'A', type: 'integer', jsonPath: '.spec.a' }],
      }],
    },
  };
}
