import { expect } from 'chai';
import { ControllerRevision } from './apps-v1/controller-revision.ts';
import { DaemonSet } from './apps-v1/daemon-set.ts';
import { Deployment } from './apps-v1/deployment.ts';
import { ReplicaSet } from './apps-v1/replica-set.ts';
import { StatefulSet } from './apps-v1/stateful-set.ts';
import { HorizontalPodAutoscaler as HorizontalPodAutoscalerV1, Scale } from './autoscaling-v1.ts';
import { HorizontalPodAutoscaler } from './autoscaling-v2.ts';
import { CronJob } from './batch-v1/cron-job.ts';
import { Job } from './batch-v1/job.ts';
import { ConfigMap, Secret } from './core-v1/config.ts';
import { Event } from './core-v1/event.ts';
import { LimitRange } from './core-v1/limit-range.ts';
import { Namespace } from './core-v1/namespace.ts';
import { Node } from './core-v1/node.ts';
import { PersistentVolumeClaim } from './core-v1/persistent-volume-claim.ts';
import { PersistentVolume, PersistentVolumeSpec } from './core-v1/persistent-volume.ts';
import { PodTemplate } from './core-v1/pod-template.ts';
import { Binding, Pod, PodSpec, PodTemplateSpec } from './core-v1/pod.ts';
import { ObjectReference } from './core-v1/references.ts';
import { ReplicationController } from './core-v1/replication-controller.ts';
import { ResourceQuota } from './core-v1/resource-quota.ts';
import { ServiceAccount } from './core-v1/service-account.ts';
import type { Volume } from './core-v1/volumes.ts';
import { Lease } from './coordination-v1.ts';
import { Event as EventsEvent } from './events-v1.ts';
import { apiVersionOf, resourceName, type Draft, type Kind, type KubernetesObject } from './kind.ts';
import { Eviction, PodDisruptionBudget } from './policy-v1.ts';
import { CSIDriver, CSINode, CSIStorageCapacity, StorageClass, VolumeAttachment } from './storage-v1.ts';
import type { Field, List, Struct, Type } from './type.ts';

const kinds: readonly Kind<KubernetesObject>[] = [
  Binding, ConfigMap, CSIDriver, CSINode, CSIStorageCapacity, Event, EventsEvent, Lease, Namespace, Node, PersistentVolume,
  PersistentVolumeClaim, Pod, ResourceQuota, Secret, ServiceAccount, StorageClass, VolumeAttachment,
  ControllerRevision, CronJob, DaemonSet, Deployment, Eviction, HorizontalPodAutoscaler, HorizontalPodAutoscalerV1, Job, LimitRange, PodDisruptionBudget,
  PodTemplate, ReplicaSet, ReplicationController, Scale, StatefulSet,
];

/** Every struct that objects can hold, inlined ones too. */
function allStructs(): Struct[] {
  const found = new Set<Struct>();
  const visit = (type: Type): void => {
    if (type.form === 'scalar' || found.has(type as Struct)) return;
    if (type.form !== 'struct') return visit(type.of);
    found.add(type);
    for (const { type: next } of type.wire) visit(next);
  };
  for (const { struct } of kinds) visit(struct);
  visit(PodTemplateSpec);
  return [...found];
}

const structs = allStructs();
const fields = structs.flatMap((owner) => [...owner.fields.values()].map((field) => ({ owner, field, label: `${owner.name}.${field.name}` })));

/** The labels of the fields of which `holds` is not true. */
const failing = (holds: (field: Field, owner: Struct) => boolean): string[] =>
  fields.filter(({ field, owner }) => !holds(field, owner)).map(({ label }) => label);

const overLists = (holds: (list: List) => boolean): string[] =>
  failing(({ type }) => type.form !== 'list' || holds(type));

const itemField = (list: List, name: string): Field | undefined => (list.of.form === 'struct' ? list.of.fields.get(name) : undefined);

function fits(type: Type, value: unknown): boolean {
  switch (type.form) {
    case 'struct': return typeof value === 'object' && value !== null && Object.keys(value).every((key) => type.fields.has(key));
    case 'list': return Array.isArray(value) && value.every((item) => fits(type.of, item));
    case 'map': return false;
    case 'scalar':
      if (type.name === 'bool') return typeof value === 'boolean';
      if (type.name === 'int32' || type.name === 'int64') return Number.isInteger(value);
      if (type.name === 'intOrString') return Number.isInteger(value) || typeof value === 'string';
      return typeof value === 'string' && (type.values.length === 0 || type.values.includes(value));
  }
}

describe('the tables of kinds', () => {
  it('name each kind as clients know it', () => {
    expect(kinds.map((kind) => `${kind.namespaced ? '' : '/'}${apiVersionOf(kind)} ${kind.kind} ${resourceName(kind)}`)).to.deep.equal([
      'v1 Binding bindings',
      'v1 ConfigMap configmaps',
      '/storage.k8s.io/v1 CSIDriver csidrivers.storage.k8s.io',
      '/storage.k8s.io/v1 CSINode csinodes.storage.k8s.io',
      'storage.k8s.io/v1 CSIStorageCapacity csistoragecapacities.storage.k8s.io',
      'v1 Event events',
      'events.k8s.io/v1 Event events.events.k8s.io',
      'coordination.k8s.io/v1 Lease leases.coordination.k8s.io',
      '/v1 Namespace namespaces',
      '/v1 Node nodes',
      '/v1 PersistentVolume persistentvolumes',
      'v1 PersistentVolumeClaim persistentvolumeclaims',
      'v1 Pod pods',
      'v1 ResourceQuota resourcequotas',
      'v1 Secret secrets',
      'v1 ServiceAccount serviceaccounts',
      '/storage.k8s.io/v1 StorageClass storageclasses.storage.k8s.io',
      '/storage.k8s.io/v1 VolumeAttachment volumeattachments.storage.k8s.io',
      'apps/v1 ControllerRevision controllerrevisions.apps',
      'batch/v1 CronJob cronjobs.batch',
      'apps/v1 DaemonSet daemonsets.apps',
      'apps/v1 Deployment deployments.apps',
      'policy/v1 Eviction evictions.policy',
      'autoscaling/v2 HorizontalPodAutoscaler horizontalpodautoscalers.autoscaling',
      'autoscaling/v1 HorizontalPodAutoscaler horizontalpodautoscalers.autoscaling',
      'batch/v1 Job jobs.batch',
      'v1 LimitRange limitranges',
      'policy/v1 PodDisruptionBudget poddisruptionbudgets.policy',
      'v1 PodTemplate podtemplates',
      'apps/v1 ReplicaSet replicasets.apps',
      'v1 ReplicationController replicationcontrollers',
      'autoscaling/v1 Scale scales.autoscaling',
      'apps/v1 StatefulSet statefulsets.apps',
    ]);
  });

  it('give every kind its type and metadata', () => {
    for (const { struct } of kinds) {
      expect([...struct.fields.keys()].slice(0, 3), struct.name).to.deep.equal(['apiVersion', 'kind', 'metadata']);
      expect(struct.wire.find(({ name }) => name === 'metadata')?.number, struct.name).to.equal(1);
      const metadata = struct.fields.get('metadata');
      expect(metadata?.always === true || metadata?.required === true, struct.name).to.equal(true);
    }
  });

  it('give spec and status to the kinds whose objects always show them', () => {
    for (const { struct } of [Namespace, Node, Pod, PersistentVolume, PersistentVolumeClaim, ResourceQuota]) {
      expect([struct.fields.get('spec')?.always, struct.fields.get('status')?.always], struct.name).to.deep.equal([true, true]);
    }
  });

  it('number only apiVersion and kind below 1, for protobuf has no such fields', () => {
    const below = structs.flatMap(({ name, wire }) => wire.filter(({ number }) => number < 1).map((field) => `${name.split('.').at(-1)}.${field.name}`));
    const withType = [...kinds.map(({ kind }) => kind), 'DeleteOptions'];
    expect(below).to.have.members(withType.flatMap((kind) => [`${kind}.apiVersion`, `${kind}.kind`]));
  });

  it('describe a struct once', () => {
    const described = new Map<string, unknown>();
    for (const { name, fields: table } of structs) {
      expect(described.get(name) ?? table, name).to.equal(table);
      described.set(name, table);
    }
    expect(described.size).to.be.above(200);
  });

  it('describe every struct and every field in words', () => {
    const sentence = /^[A-Z].*[^ ]\.$/;
    expect(structs.filter(({ doc }) => !sentence.test(doc)).map(({ name }) => name)).to.deep.equal([]);
    expect(failing(({ doc }) => sentence.test(doc))).to.deep.equal([]);
  });
});

describe('lists in the tables', () => {
  it('have keys exactly when items merge by key, and the items have them', () => {
    expect(overLists((list) => (list.semantics === 'map') === (list.keys.length > 0))).to.deep.equal([]);
    expect(overLists((list) => list.keys.every((key) => itemField(list, key)?.type.form === 'scalar'))).to.deep.equal([]);
  });

  it('merge patches by a scalar field of the items, or by value when items are scalars', () => {
    expect(overLists((list) => {
      if (list.mergeKey === undefined) return !list.retainKeys;
      return list.of.form === 'struct' ? itemField(list, list.mergeKey)?.type.form === 'scalar' : list.mergeKey === '';
    })).to.deep.equal([]);
  });

  it('use the same key for patches as for server-side apply', () => {
    expect(overLists(({ semantics, keys, mergeKey }) => semantics !== 'map' || mergeKey === undefined || keys.includes(mergeKey))).to.deep.equal([]);
  });

  it('have keys that are always there, save where upstream forgot', () => {
    const forgetful = overLists((list) => list.keys.every((key) => {
      const field = itemField(list, key);
      return field?.required === true || field?.default !== undefined;
    }));
    expect(forgetful).to.deep.equal(['io.k8s.api.core.v1.ServiceAccount.secrets']);
  });

  it('are sets only of scalars', () => {
    expect(overLists(({ semantics, of }) => semantics !== 'set' || of.form === 'scalar')).to.deep.equal([]);
  });
});

describe('presence in the tables', () => {
  it('gives defaults that fit their type and closed set', () => {
    expect(failing(({ type, default: value }) => value === undefined || fits(type, value))).to.deep.equal([]);
    expect(fields.filter(({ field }) => field.default !== undefined)).to.have.length.above(40);
  });

  it('makes only structs always present', () => {
    expect(failing(({ always, type }) => !always || type.form === 'struct')).to.deep.equal([]);
  });

  it('requires nothing of a claim reference, which is filled in two steps', () => {
    const claimRef = PersistentVolumeSpec.fields.get('claimRef')?.type;
    expect(claimRef).to.include({ form: 'struct', name: ObjectReference.name, atomic: false });
    expect(ObjectReference.atomic).to.equal(true);
  });

  it('marks the maps and lists that a patch replaces', () => {
    expect(PodSpec.fields.get('nodeSelector')?.type).to.include({ form: 'map', atomic: true });
    expect(PodSpec.fields.get('volumes')?.type).to.include({ mergeKey: 'name', retainKeys: true });
    expect(PodSpec.fields.get('containers')?.type).to.include({ mergeKey: 'name', retainKeys: false });
  });
});

describe('types of the tables', () => {
  it('carry unions, certainty and inlined fields', () => {
    const claim = (given: PersistentVolumeClaim): string => {
      const modes: ('ReadOnlyMany' | 'ReadWriteMany' | 'ReadWriteOnce' | 'ReadWriteOncePod')[] | undefined = given.spec.accessModes;
      const request: string | undefined = given.spec.resources.requests?.['storage'];
      return `${given.metadata.name} ${given.status.phase ?? ''} ${modes?.join() ?? ''} ${request ?? ''}`;
    };
    const draft = {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    } satisfies Draft<PersistentVolumeClaim>;
    const metadata = { ...draft.metadata, uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
    expect(claim({ ...draft, apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: { ...draft.spec, accessModes: ['ReadWriteOnce'] }, status: {} }))
      .to.equal('data  ReadWriteOnce 1Gi');
  });

  it('refuse what the tables refuse', () => {
    // @ts-expect-error the mode is none of the closed set
    const wrongMode: Draft<PersistentVolumeClaim> = { metadata: {}, spec: { accessModes: ['ReadWrite'] } };
    // @ts-expect-error a volume needs a name
    const nameless: Volume = { emptyDir: {} };
    // @ts-expect-error the fields of VolumeSource stand in Volume itself
    const nested: Volume = { name: 'v', volumeSource: { emptyDir: {} } };
    // @ts-expect-error a pod needs containers
    const empty: PodSpec = { volumes: [{ name: 'v', emptyDir: {} }] };
    expect([wrongMode, nameless, nested, empty]).to.have.length(4);
  });
});
