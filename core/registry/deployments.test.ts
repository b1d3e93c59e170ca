import { expect } from 'chai';
import type { Deployment } from '#core/api/schema/apps-v1/deployment.ts';
import type { ReplicaSet } from '#core/api/schema/apps-v1/replica-set.ts';
import type { ReplicationController } from '#core/api/schema/core-v1/replication-controller.ts';
import { deployments } from './deployments.ts';
import { replicaSets } from './replicasets.ts';
import { replicationControllers } from './replicationcontrollers.ts';
import { changed, created, creationFindings, creationText, header, judgesCreation, judgesStatus, judgesUpdate, row } from './resource.test.ts';

const metadata = { name: 'web', namespace: 'ns' };
const container = { name: 'nginx', image: 'nginx' };
const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } };
const selector = { matchLabels: { app: 'web' } };
const set = { metadata, spec: { selector, template } };
const at = 'spec.template.spec';

/** Rules that Deployments and ReplicaSets share. */
const ofSets = [
  ['spec.replicas', 0],
  ['spec.replicas', -1, 'spec.replicas: Invalid'],
  ['spec.minReadySeconds', -1, 'spec.minReadySeconds: Invalid'],
  ['spec.selector', undefined, 'spec.selector: Required', 'spec.template.metadata.labels: Invalid'],
  ['spec.selector', {}, 'spec.selector: Invalid'],
  ['spec.selector.matchLabels.app', 'other', 'spec.template.metadata.labels: Invalid'],
  ['spec.selector', { matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'db'] }] }],
  ['spec.selector', { matchExpressions: [{ key: 'app', operator: 'Like', values: ['w'] }] }, 'spec.selector.matchExpressions[0].operator: Invalid', 'spec.selector: Invalid'],
  ['spec.template.metadata.labels', { app: 'web', 'a b': 'c' }, 'spec.template.metadata.labels: Invalid'],
  ['spec.template.metadata.annotations', { 'controller.kubernetes.io/pod-deletion-cost': 'much' },
    'spec.template.metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid'],
  [`${at}.containers`, [], `${at}.containers: Required`],
  [`${at}.containers[0].image`, '', `${at}.containers[0].image: Required`],
  [`${at}.restartPolicy`, 'Never', `${at}.restartPolicy: NotSupported`],
  [`${at}.activeDeadlineSeconds`, 5, `${at}.activeDeadlineSeconds: Forbidden`],
  [`${at}.ephemeralContainers`, [{ name: 'debug', image: 'x' }], `${at}.ephemeralContainers: Forbidden`],
  [at, { hostNetwork: true, containers: [{ ...container, ports: [{ containerPort: 80 }] }] }],
  [at, { hostNetwork: true, containers: [{ ...container, ports: [{ containerPort: 80, hostPort: 81 }] }] }, `${at}.containers[0].ports[0].hostPort: Invalid`],
] as const;

describe('deployments', () => {
  const rolling = (maxUnavailable: number | string, maxSurge: number | string) => ({ rollingUpdate: { maxUnavailable, maxSurge } });
  const pace = 'spec.strategy.rollingUpdate';
  judgesCreation(deployments, set, [
    ...ofSets,
    ['spec.strategy', { type: 'Recreate' }],
    ['spec.strategy', { type: 'Sideways' }, 'spec.strategy.type: NotSupported'],
    ['spec.strategy', { type: 'Recreate', ...rolling(1, 1) }, `${pace}: Forbidden`],
    ['spec.strategy', rolling('100%', 0)],
    ['spec.strategy', rolling(0, '0%'), `${pace}.maxUnavailable: Invalid`],
    ['spec.strategy', rolling('101%', '200%'), `${pace}.maxUnavailable: Invalid`],
    ['spec.strategy', rolling('half', -1), `${pace}.maxUnavailable: Invalid`, `${pace}.maxSurge: Invalid`],
    ['spec.revisionHistoryLimit', 0],
    ['spec.revisionHistoryLimit', -1, 'spec.revisionHistoryLimit: Invalid'],
    ['spec', { ...set.spec, minReadySeconds: 600 }, 'spec.progressDeadlineSeconds: Invalid'],
  ]);
  judgesUpdate(deployments, set, [
    ['spec.selector.matchLabels', { app: 'web', tier: 'front' }, 'spec.template.metadata.labels: Invalid', 'spec.selector: Invalid'],
    ['spec.selector', { matchExpressions: [{ key: 'app', operator: 'Exists' }] }, 'spec.selector: Invalid'],
    ['spec.replicas', 3],
    [`${at}.containers[0].image`, 'nginx:2'],
  ]);
  judgesStatus(deployments, set, [
    ['status', { replicas: 3, updatedReplicas: 3, readyReplicas: 2, availableReplicas: 1, unavailableReplicas: 2 }],
    ['status', { unavailableReplicas: -1 }, 'status.unavailableReplicas: Invalid'],
    ['status', { replicas: 1, updatedReplicas: 2 }, 'status.updatedReplicas: Invalid'],
    ['status', { replicas: 2, readyReplicas: 1, availableReplicas: 2 }, 'status.availableReplicas: Invalid'],
  ]);

  it('fills in what the author leaves out', () => {
    const { spec, status } = created(deployments, set) as Deployment;
    expect(spec).to.deep.include({
      replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600, selector,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    });
    expect(spec.template.spec).to.deep.include({ restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', schedulerName: 'default-scheduler', terminationGracePeriodSeconds: 30 });
    expect(spec.template.spec, 'what only pods get').not.to.have.property('enableServiceLinks');
    expect(spec.template.spec.containers[0]).to.deep.include({ imagePullPolicy: 'Always', terminationMessagePath: '/dev/termination-log' });
    expect(status).to.deep.equal({});
    const { strategy } = (created(deployments, changed(set, 'spec.strategy', { rollingUpdate: { maxSurge: 0 } })) as Deployment).spec;
    expect(strategy.rollingUpdate).to.deep.equal({ maxUnavailable: '25%', maxSurge: 0 });
    expect((created(deployments, changed(set, 'spec.strategy', { type: 'Recreate' })) as Deployment).spec.strategy).to.deep.equal({ type: 'Recreate' });
  });

  it('leaves requests and ports of the node to the pods', () => {
    const limits = { cpu: '1' };
    const pod = { hostNetwork: true, containers: [{ ...container, ports: [{ containerPort: 80 }], resources: { limits } }] };
    const { containers } = (created(deployments, changed(set, at, pod)) as Deployment).spec.template.spec;
    expect([containers[0]?.resources, containers[0]?.ports]).to.deep.equal([{ limits }, [{ containerPort: 80, protocol: 'TCP' }]]);
  });

  it('says what is wrong in the API\'s words', () => {
    expect(creationText(deployments, changed(set, 'spec.selector', undefined))).to.equal(
      '[spec.selector: Required value, spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`]');
    expect(creationText(deployments, changed(set, 'spec.template.metadata.labels', undefined))).to.contain('Invalid value: null: `selector` does not match');
    expect(creationText(deployments, changed(set, 'spec.selector', {}))).to.equal('spec.selector: Invalid value: {}: empty selector is invalid for deployment');
    expect(creationText(deployments, changed(set, `${at}.activeDeadlineSeconds`, 5)))
      .to.equal('spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported');
    expect(creationText(deployments, changed(set, 'spec.strategy', rolling('half', 1)))).to.equal('spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "half": ' +
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')");
    expect(creationText(deployments, changed(set, `${at}.restartPolicy`, 'Never')))
      .to.equal('spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"');
  });

  it('does not let the count of collisions go back', () => {
    const old = { ...created(deployments, set), status: { collisionCount: 2 } } as Deployment;
    const found: string[] = [];
    deployments.validateStatus?.({ ...old, status: { collisionCount: 1 } } as never, old, { invalid: (field: string, _: unknown, why: string) => found.push(`${field} ${why}`) } as never);
    expect(found).to.deep.equal(['status.collisionCount cannot be decremented']);
  });

  it('warns of names that no host can have, of new objects only', () => {
    const odd = created(deployments, changed(set, 'metadata.name', 'web.v1'));
    expect(deployments.warnings?.(odd, undefined)?.[0]).to.match(/^metadata\.name: this is used in Pod names and hostnames, .* \[a lowercase RFC 1123 label .*\]$/);
    expect(deployments.warnings?.(odd, odd)).to.deep.equal([]);
    const twice = changed(set, `${at}.containers[0].env`, [{ name: 'A', value: '1' }, { name: 'A', value: '2' }]);
    expect(deployments.warnings?.(created(deployments, twice), undefined)).to.deep.equal([
      'spec.template.spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
    ]);
  });

  it('prints what kubectl users know', () => {
    expect(header(deployments)).to.equal('NAME | READY | UP-TO-DATE | AVAILABLE | AGE | (CONTAINERS) | (IMAGES) | (SELECTOR)');
    const full = { ...set, metadata: { ...metadata, creationTimestamp: '2026-01-02T11:55:00Z' }, status: { replicas: 3, updatedReplicas: 3, readyReplicas: 2, availableReplicas: 1 } };
    const wide = changed(changed(full, 'spec.replicas', 3), `${at}.containers[1]`, { name: 'log', image: 'fluent' });
    expect(row(deployments, wide, true)).to.equal('web | 2/3 | 3 | 1 | 5m | nginx,log | nginx,fluent | app=web');
    expect(row(deployments, set)).to.equal('web | 0/1 | 0 | 0 | <unknown>');
  });
});

describe('replicaSets', () => {
  judgesCreation(replicaSets, set, ofSets);
  judgesUpdate(replicaSets, set, [
    ['spec.selector', { matchExpressions: [{ key: 'app', operator: 'Exists' }] }, 'spec.selector: Invalid'],
    ['spec.replicas', 0],
  ]);
  judgesStatus(replicaSets, set, [
    ['status', { replicas: 2, fullyLabeledReplicas: 2, readyReplicas: 2, availableReplicas: 2 }],
    ['status', { replicas: 2, fullyLabeledReplicas: 3 }, 'status.fullyLabeledReplicas: Invalid'],
    ['status', { replicas: 2, availableReplicas: 1 }, 'status.availableReplicas: Invalid'],
  ]);

  it('fills in what the author leaves out', () => {
    const { spec, status } = created(replicaSets, set) as ReplicaSet;
    expect([spec.replicas, spec.template.spec.restartPolicy, status]).to.deep.equal([1, 'Always', { replicas: 0 }]);
  });

  it('prints and selects what kubectl users know', () => {
    expect(header(replicaSets)).to.equal('NAME | DESIRED | CURRENT | READY | AGE | (CONTAINERS) | (IMAGES) | (SELECTOR)');
    const full = changed({ ...set, status: { replicas: 3, readyReplicas: 2 } }, 'spec.replicas', 4);
    expect(row(replicaSets, full, true)).to.equal('web | 4 | 3 | 2 | <unknown> | nginx | nginx | app=web');
    expect(replicaSets.selectableFields?.['status.replicas']?.({ ...created(replicaSets, set), status: { replicas: 3 } } as ReplicaSet)).to.equal('3');
  });
});

describe('replicationControllers', () => {
  const controller = { metadata, spec: { template } };
  judgesCreation(replicationControllers, controller, [
    ['spec.template', undefined, 'spec.selector: Required', 'spec.template: Required'],
    ['spec.selector', { app: 'other' }, 'spec.template.metadata.labels: Invalid'],
    ['spec.template.metadata.labels', undefined, 'spec.selector: Required'],
    [`${at}.restartPolicy`, 'OnFailure', `${at}.restartPolicy: NotSupported`],
    ['spec.replicas', -1, 'spec.replicas: Invalid'],
  ]);
  judgesStatus(replicationControllers, controller, [['status', { replicas: 1, readyReplicas: 2 }, 'status.readyReplicas: Invalid']]);

  it('takes selector and labels from the template', () => {
    const { metadata: { labels }, spec } = created(replicationControllers, controller) as ReplicationController;
    expect([labels, spec.selector, spec.replicas]).to.deep.equal([{ app: 'web' }, { app: 'web' }, 1]);
    const own = changed(changed(controller, 'metadata.labels', { a: 'b' }), 'spec.template.metadata.labels', { app: 'web', x: 'y' });
    expect(creationFindings(replicationControllers, changed(own, 'spec.selector', { app: 'web' }))).to.deep.equal([]);
    expect((created(replicationControllers, own) as ReplicationController).metadata.labels).to.deep.equal({ a: 'b' });
  });

  it('prints what kubectl users know', () => {
    expect(header(replicationControllers)).to.equal(header(replicaSets));
    const object = { ...controller, spec: { ...controller.spec, replicas: 2, selector: { b: '2', a: '1' } }, status: { replicas: 1 } };
    expect(row(replicationControllers, object, true)).to.equal('web | 2 | 1 | 0 | <unknown> | nginx | nginx | a=1,b=2');
  });
});
