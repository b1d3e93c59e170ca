import { expect } from 'chai';
import type { HorizontalPodAutoscaler as Older } from '#core/api/schema/autoscaling-v1.ts';
import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus } from '#core/api/schema/autoscaling-v2.ts';
import { horizontalPodAutoscalersV1 as v1 } from './horizontalpodautoscalers-v1.ts';
import { horizontalPodAutoscalersV2 as v2 } from './horizontalpodautoscalers-v2.ts';
import { changed, created, creationFindings, creationText, header, judgesCreation, judgesStatus, judgesUpdate, row } from './resource.test.ts';

const metadata = { name: 'web', namespace: 'ns' };
const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
const scaler = { metadata, spec: { scaleTargetRef, maxReplicas: 5 } };

const cpu = (averageUtilization: number): MetricSpec => ({ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } });
const memory: MetricSpec = { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } };
const sidecar: MetricSpec = { type: 'ContainerResource', containerResource: { name: 'cpu', container: 'proxy', target: { type: 'Utilization', averageUtilization: 60 } } };
const pods: MetricSpec = { type: 'Pods', pods: { metric: { name: 'requests', selector: { matchLabels: { verb: 'GET' } } }, target: { type: 'AverageValue', averageValue: '1k' } } };
const object = (target: NonNullable<MetricSpec['object']>['target']): MetricSpec =>
  ({ type: 'Object', object: { describedObject: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'web' }, metric: { name: 'hits' }, target } });
const queue: MetricSpec = { type: 'External', external: { metric: { name: 'queue' }, target: { type: 'Value', value: '30' } } };
const all = [memory, sidecar, pods, object({ type: 'Value', value: '10' }), object({ type: 'AverageValue', averageValue: '2' }), queue, cpu(50)];

const statuses: MetricStatus[] = [
  { type: 'Resource', resource: { name: 'memory', current: { averageValue: '500Mi' } } },
  { type: 'ContainerResource', containerResource: { name: 'cpu', container: 'proxy', current: { averageUtilization: 20, averageValue: '100m' } } },
  { type: 'Pods', pods: { metric: { name: 'requests' }, current: { averageValue: '900' } } },
  { type: 'Object', object: { describedObject: { kind: 'Ingress', name: 'web' }, metric: { name: 'hits' }, current: { value: '9' } } },
  { type: 'External', external: { metric: { name: 'queue' }, current: { averageValue: '3' } } },
  { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 40, averageValue: '200m' } } },
];
const behavior = { scaleUp: { selectPolicy: 'Max', stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }], tolerance: '50m' } } as const;
const conditions = [{ type: 'AbleToScale', status: 'True', lastTransitionTime: '2026-01-02T11:00:00Z', reason: 'ReadyForNewScale', message: 'fine' }];

const stored = (metrics: readonly MetricSpec[], more: object = {}, status: object = {}): HorizontalPodAutoscaler => ({
  ...created(v2, { metadata: { ...metadata, annotations: { own: 'yes' } }, spec: { ...scaler.spec, metrics, ...more }, status }),
  apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler',
}) as HorizontalPodAutoscaler;
const older = (newer: HorizontalPodAutoscaler): Older => v1.storedAs?.decode(newer) as Older;
const newer = (object: Older): HorizontalPodAutoscaler => v1.storedAs?.encode(object) as HorizontalPodAutoscaler;

describe('horizontalPodAutoscalers of autoscaling/v2', () => {
  const at = 'spec.metrics[0]';
  const up = 'spec.behavior.scaleUp';
  judgesCreation(v2, scaler, [
    ['spec.metrics', all],
    ['spec.minReplicas', 0, 'spec.minReplicas: Invalid', 'spec.metrics: Forbidden'],
    ['spec', { ...scaler.spec, minReplicas: 0, metrics: [queue] }, 'spec.minReplicas: Invalid'],
    ['spec.minReplicas', 6, 'spec.maxReplicas: Invalid'],
    ['spec.maxReplicas', 0, 'spec.maxReplicas: Invalid', 'spec.maxReplicas: Invalid'],
    ['spec.scaleTargetRef', { kind: 'Deployment' }, 'spec.scaleTargetRef.name: Required'],
    ['spec.scaleTargetRef', { kind: 'a/b', name: '..' }, 'spec.scaleTargetRef.kind: Invalid', 'spec.scaleTargetRef.name: Invalid'],
    [at, { type: 'Weather' }, `${at}.type: NotSupported`],
    [at, { type: 'Pods' }, `${at}.pods: Required`],
    [at, { ...pods, ...queue, type: 'Pods' }, `${at}.external: Forbidden`],
    [at, { ...pods, type: 'External', external: { metric: { name: '' }, target: queue.external!.target } }, `${at}.external.metric.name: Required`, `${at}.pods: Forbidden`],
    [at, { ...pods, type: 'Resource' }, `${at}.resource: Required`],
    [at, { type: 'Pods', pods: { metric: { name: 'x', selector: { matchLabels: { 'a b': '' } } }, target: { averageValue: '1' } } }, `${at}.pods.target.type: Required`, `${at}.pods.target.type: Invalid`],
    [at, { type: 'Resource', resource: { name: 'cpu', target: { type: 'Guess', averageUtilization: 1 } } }, `${at}.resource.target.type: Invalid`],
    [at, { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization' } } }, `${at}.resource.target.averageUtilization: Required`],
    [at, { type: 'Resource', resource: { name: '', target: { type: 'Utilization', averageUtilization: 0, averageValue: '0' } } },
      `${at}.resource.name: Required`, `${at}.resource.target.averageValue: Invalid`, `${at}.resource.target.averageUtilization: Invalid`, `${at}.resource.target.averageValue: Forbidden`],
    [at, { ...sidecar, containerResource: { ...sidecar.containerResource, container: '' } }, `${at}.containerResource.container: Required`],
    [at, { ...sidecar, containerResource: { ...sidecar.containerResource, name: 'gpu', container: 'A' } }, `${at}.containerResource.name: Invalid`, `${at}.containerResource.name: Invalid`, `${at}.containerResource.container: Invalid`],
    [at, { type: 'External', external: { metric: { name: 'a/b' }, target: { type: 'Value', value: '1', averageValue: '1' } } },
      `${at}.external.metric.name: Invalid`, `${at}.external.target.value: Forbidden`],
    [at, { type: 'Object', object: { describedObject: { kind: 'Ingress', name: 'i' }, metric: { name: '' }, target: { type: 'Value', averageUtilization: 1 } } },
      `${at}.object.metric.name: Required`, `${at}.object.target.averageValue: Required`],
    ['spec.behavior', behavior],
    [up, { policies: [] }],
    [`${up}.policies`, [{ type: 'Pods', value: 0, periodSeconds: 1801 }], `${up}.policies[0].value: Invalid`, `${up}.policies[0].periodSeconds: Invalid`],
    [`${up}.stabilizationWindowSeconds`, 3601, `${up}.stabilizationWindowSeconds: Invalid`],
    [`${up}.selectPolicy`, 'Most', `${up}.selectPolicy: NotSupported`],
    [`${up}.tolerance`, '-1', `${up}.tolerance: Invalid`],
  ]);
  judgesStatus(v2, scaler, [['status', { currentReplicas: -1, desiredReplicas: -1 }, 'status.currentReplicas: Invalid', 'status.desiredReplicas: Invalid']]);

  it('fills in what the author leaves out', () => {
    const { spec } = created(v2, scaler) as HorizontalPodAutoscaler;
    expect(spec).to.deep.equal({ scaleTargetRef, minReplicas: 1, maxReplicas: 5, metrics: [cpu(80)] });
    const { behavior: filled } = (created(v2, changed(scaler, 'spec.behavior', { scaleDown: { stabilizationWindowSeconds: 60 } })) as HorizontalPodAutoscaler).spec;
    expect(filled).to.deep.equal({
      scaleUp: { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, { type: 'Percent', value: 100, periodSeconds: 15 }] },
      scaleDown: { stabilizationWindowSeconds: 60, selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] },
    });
  });

  it('says what is wrong in the API\'s words', () => {
    expect(creationText(v2, changed(scaler, 'spec.minReplicas', 0))).to.equal(
      '[spec.minReplicas: Invalid value: 0: must be greater than or equal to 1, spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas]');
    expect(creationText(v2, changed(scaler, at, { type: 'Resource', resource: { name: 'cpu', target: { type: 'x', averageUtilization: 0 } } }))).to.equal(
      '[spec.metrics[0].resource.target.type: Invalid value: "x": must be either Utilization, Value, or AverageValue, spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0]');
    expect(creationText(v2, changed(scaler, at, { type: 'Pods' }))).to.equal('spec.metrics[0].pods: Required value: must populate information for the given metric source');
  });

  it('prints what kubectl users know', () => {
    expect(header(v2)).to.equal('NAME | REFERENCE | TARGETS | MINPODS | MAXPODS | REPLICAS | AGE');
    const targets = (metrics: readonly MetricSpec[], currentMetrics: readonly MetricStatus[] = []) =>
      row(v2, { ...scaler, spec: { ...scaler.spec, metrics }, status: { currentReplicas: 2, currentMetrics } });
    expect(targets([cpu(80)], [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 12 } } }]))
      .to.equal('web | Deployment/web | cpu: 12%/80% | 1 | 5 | 2 | <unknown>');
    const texts = (metrics: readonly MetricSpec[], current?: readonly MetricStatus[]) => targets(metrics, current).split(' | ')[2];
    expect(texts([])).to.equal('<none>');
    expect(texts(all.slice(0, 3), statuses)).to.equal('memory: 500Mi/1Gi, cpu: 20%/60% + 1 more...');
    expect(texts([pods, object({ type: 'Value', value: '10' })], statuses.slice(2))).to.equal('900/1k, 9/10');
    expect(texts([object({ type: 'AverageValue', averageValue: '2' }), queue])).to.equal('<unknown>/2 (avg), <unknown>/30');
  });
});

describe('horizontalPodAutoscalers of autoscaling/v1', () => {
  judgesCreation(v1, scaler, [
    ['spec.targetCPUUtilizationPercentage', 50],
    ['spec.targetCPUUtilizationPercentage', 0, 'spec.metrics[0].resource.target.averageUtilization: Invalid'],
    ['spec.minReplicas', 6, 'spec.maxReplicas: Invalid'],
    ['metadata.annotations', { 'autoscaling.alpha.kubernetes.io/metrics': '[{"type":"Pods"}]' }, 'spec.metrics[0].pods: Required'],
    ['metadata.annotations', { 'autoscaling.alpha.kubernetes.io/metrics': '[{"type":"Weather"}]' }, 'spec.metrics[0].type: NotSupported'],
  ]);
  judgesUpdate(v1, scaler, [['spec.maxReplicas', 3]]);

  it('aims at 80 % of the CPU unless something else is said', () => {
    const target = (draft: object): number | undefined => (created(v1, draft) as Older).spec.targetCPUUtilizationPercentage;
    const annotated = (text: string) => changed(scaler, 'metadata.annotations', { 'autoscaling.alpha.kubernetes.io/metrics': text });
    expect(target(scaler)).to.equal(80);
    expect(target(annotated('[{"type":"Pods","pods":{"metricName":"m","targetAverageValue":"1"}}]'))).to.equal(undefined);
    for (const text of ['', '{}', '[]', '[', '"a"', '[{"type":5}]', '[null', '[{"type":"Pods","pods":[]}]']) expect(target(annotated(text)), text).to.equal(80);
  });

  it('shows in annotations what its fields cannot say, as upstream writes it', () => {
    const { metadata: { annotations }, spec, status } = older(stored([memory, cpu(50)], { behavior }, { currentReplicas: 2, currentMetrics: statuses.slice(-1), conditions }));
    expect(spec).to.deep.equal({ scaleTargetRef, minReplicas: 1, maxReplicas: 5, targetCPUUtilizationPercentage: 50 });
    expect(status).to.deep.equal({ currentReplicas: 2, desiredReplicas: 0, currentCPUUtilizationPercentage: 40 });
    expect(annotations).to.deep.equal({
      own: 'yes',
      'autoscaling.alpha.kubernetes.io/metrics': '[{"type":"Resource","resource":{"name":"memory","targetAverageValue":"1Gi"}}]',
      'autoscaling.alpha.kubernetes.io/behavior': '{"ScaleUp":{"StabilizationWindowSeconds":0,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":4,"PeriodSeconds":15}],' +
        '"Tolerance":"50m"},"ScaleDown":{"SelectPolicy":"Max","Policies":[{"Type":"Percent","Value":100,"PeriodSeconds":15}]}}',
      'autoscaling.alpha.kubernetes.io/current-metrics': '[{"type":"Resource","resource":{"name":"cpu","currentAverageUtilization":40,"currentAverageValue":"200m"}}]',
      'autoscaling.alpha.kubernetes.io/conditions': JSON.stringify(conditions),
    });
    expect(older(stored([cpu(50)])).metadata.annotations).to.deep.equal({ own: 'yes' });
  });

  for (const [title, metrics] of [
    ['one', [cpu(50)]], ['all', all], ['CPU first', [cpu(50), memory]], ['CPU twice', [cpu(50), memory, cpu(60)]], ['no CPU', [memory]],
    ['CPU by value', [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: '1' } } }, cpu(50)]],
  ] as const) {
    it(`loses nothing of what is stored: ${title}`, () => {
      const before = stored(metrics as readonly MetricSpec[], { behavior }, { observedGeneration: 3, lastScaleTime: '2026-01-02T11:00:00Z', currentReplicas: 2, desiredReplicas: 3, currentMetrics: statuses, conditions });
      expect(newer(older(before))).to.deep.equal(before);
      expect(older(newer(older(before)))).to.deep.equal(older(before));
    });
  }

  it('changes the aim where it stands', () => {
    const shown = older(stored([cpu(50), memory]));
    expect(newer({ ...shown, spec: { ...shown.spec, targetCPUUtilizationPercentage: 70 } }).spec.metrics).to.deep.equal([cpu(70), memory]);
    const { targetCPUUtilizationPercentage: _, ...spec } = shown.spec;
    expect(newer({ ...shown, spec }).spec.metrics).to.deep.equal([memory]);
  });

  it('takes an annotation in whatever case Go reads it, and ignores one that makes no sense', () => {
    const from = (text: string) => newer({ ...older(stored([cpu(50)])), metadata: { ...older(stored([])).metadata, annotations: { 'autoscaling.alpha.kubernetes.io/behavior': text } } }).spec.behavior;
    expect(from('{"scaleDown":{"SELECTPOLICY":"Min","unknown":{"__proto__":1}},"scaleup":null}')).to.deep.equal({ scaleDown: { selectPolicy: 'Min' } });
    for (const text of ['{"ScaleUp":5}', '{', '[]', '7']) expect(from(text), text).to.equal(undefined);
    expect(from(`{"ScaleUp":${'['.repeat(5000)}${']'.repeat(5000)}}`)).to.equal(undefined);
  });

  it('keeps the annotations about the status out of the hands of authors', () => {
    const name = 'autoscaling.alpha.kubernetes.io/conditions';
    const forged = changed(scaler, 'metadata.annotations', { [name]: '[]' });
    expect((created(v1, forged) as Older).metadata.annotations).to.equal(undefined);
    const old = older(stored([cpu(50)], {}, { conditions }));
    const next = structuredClone(old);
    next.metadata.annotations = {};
    v1.prepareForUpdate?.(next, old);
    expect(next.metadata.annotations).to.deep.equal({ [name]: JSON.stringify(conditions) });
  });

  it('never leaves them in the newer form', () => {
    const object = created(v2, changed(scaler, 'metadata.annotations', { 'autoscaling.alpha.kubernetes.io/metrics': '[]', own: 'yes' }));
    expect(object.metadata.annotations).to.deep.equal({ own: 'yes' });
    expect(creationFindings(v2, scaler)).to.deep.equal([]);
  });

  it('prints as the newer form does', () => {
    expect(header(v1)).to.equal(header(v2));
    expect(row(v1, { ...scaler, spec: { ...scaler.spec, targetCPUUtilizationPercentage: 80 }, status: { currentReplicas: 2, currentCPUUtilizationPercentage: 12 } }))
      .to.equal('web | Deployment/web | cpu: 12%/80% | 1 | 5 | 2 | <unknown>');
  });
});
