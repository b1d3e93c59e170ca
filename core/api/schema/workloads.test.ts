import { expect } from 'chai';
import { applyStrategicMergePatch } from '#core/api/patch/strategic-merge-patch.ts';
import { protobufBody, toProtobuf } from '#test/fixtures/protobuf-writer.ts';
import { Deployment } from './apps-v1/deployment.ts';
import { StatefulSet } from './apps-v1/stateful-set.ts';
import { HorizontalPodAutoscaler } from './autoscaling-v2.ts';
import { Job } from './batch-v1/job.ts';
import { decode } from './decode.ts';
import type { Kind, KubernetesObject } from './kind.ts';
import { componentsFor } from './openapi-schema.ts';
import { Eviction, PodDisruptionBudget } from './policy-v1.ts';
import { fromProtobuf, openEnvelope } from './protobuf.ts';

const metadata = { name: 'web', namespace: 'ns', labels: { a: 'b' } };
const template = { metadata: { labels: { app: 'web' } }, spec: { restartPolicy: 'Never', containers: [{ name: 'web', image: 'nginx', ports: [{ containerPort: 80 }] }] } };
const selector = { matchLabels: { app: 'web' } };

function overTheWire<T extends KubernetesObject>(kind: Kind<T>, value: Record<string, unknown>): T {
  const { raw } = openEnvelope(protobufBody(`${kind.group}/${kind.version}`, kind.kind, kind.struct, value));
  return decode(kind.struct, fromProtobuf(kind.struct, raw), { kind }).value;
}

describe('workloads', () => {
  const bodies: readonly (readonly [Kind, Record<string, unknown>])[] = [
    [Deployment, { metadata, spec: { replicas: 0, selector, template, strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: '30%' } }, paused: true } }],
    [StatefulSet, {
      metadata, spec: { selector, template, serviceName: 'web', volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }] },
    }],
    [Job, {
      metadata, spec: { template, completions: 0, backoffLimit: 0, suspend: true, podFailurePolicy: { rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [1, 2, 300] } }] } },
      status: { uncountedTerminatedPods: { succeeded: ['a', 'b'] }, startTime: '2026-01-02T11:00:00Z', ready: 0, failedIndexes: '' },
    }],
    [HorizontalPodAutoscaler, { metadata, spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, maxReplicas: 3, metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 5 } } }] } }],
    [PodDisruptionBudget, { metadata, spec: { minAvailable: '50%', selector: {} }, status: { disruptionsAllowed: 1, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, disruptedPods: { p: '2026-01-02T11:00:00Z' } } }],
    [Eviction, { metadata, deleteOptions: { gracePeriodSeconds: 0, preconditions: { uid: 'u' } } }],
  ];
  for (const [kind, value] of bodies) {
    it(`mean the same in protobuf as in JSON: ${kind.kind}`, () => {
      expect(overTheWire(kind, value)).to.deep.equal(decode(kind.struct, value, { kind }).value);
    });
  }

  it('tell a selector that is absent from an empty one', () => {
    const selectorOf = (spec: object) => decode(Deployment.struct, { metadata, spec }, { kind: Deployment }).value.spec.selector;
    expect(selectorOf({ template })).to.equal(undefined);
    expect(selectorOf({ template, selector: {} })).to.deep.equal({});
    expect(decode(Deployment.struct, fromProtobuf(Deployment.struct, toProtobuf(Deployment.struct, { metadata, spec: { template } })), { kind: Deployment }).value.spec)
      .not.to.have.property('selector');
    expect(componentsFor([Deployment.struct])['io.k8s.api.apps.v1.DeploymentSpec']?.required).to.deep.equal(['selector', 'template']);
  });

  it('drop the pace of a rolling update when a patch recreates', () => {
    const old = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } };
    expect(applyStrategicMergePatch(Deployment.struct, old, { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }))
      .to.deep.equal({ spec: { strategy: { type: 'Recreate' } } });
  });
});

describe('the selector of a PodDisruptionBudget', () => {
  const old = { spec: { minAvailable: 1, selector: { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'Exists' }] } } };
  const patched = (value: unknown) => applyStrategicMergePatch(PodDisruptionBudget.struct, old, { spec: { selector: value } })['spec'];

  it('is replaced by a strategic merge patch', () => {
    expect(patched({ matchLabels: { x: 'y' } })).to.deep.equal({ minAvailable: 1, selector: { matchLabels: { x: 'y' } } });
    expect(patched(null)).to.deep.equal({ minAvailable: 1 });
    expect(patched({ $patch: 'merge', matchLabels: { x: 'y' } })).to.deep.include({ selector: { matchLabels: { a: 'b', x: 'y' }, matchExpressions: old.spec.selector.matchExpressions } });
  });

  it('says so in OpenAPI', () => {
    const spec = componentsFor([PodDisruptionBudget.struct])['io.k8s.api.policy.v1.PodDisruptionBudgetSpec'];
    expect(spec?.properties?.['selector']).to.deep.include({ 'x-kubernetes-patch-strategy': 'replace' });
  });
});
