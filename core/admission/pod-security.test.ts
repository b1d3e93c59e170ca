import { expect } from 'chai';
import { Deployment } from '#core/api/schema/apps-v1/deployment.ts';
import { CronJob } from '#core/api/schema/batch-v1/cron-job.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { admittingApi, type AdmittingApi } from '#test/fixtures/admitting-api.ts';
import { refusalOf } from '#test/fixtures/refusals.ts';
import type { AdmissionPlugin } from './admission.ts';
import { podSecurity } from './pod-security.ts';

const remarks: Record<string, string> = {};

/** With an audit log. */
const audited: AdmissionPlugin = {
  name: 'Audited',
  validate: (request, objects) => podSecurity.validate?.({ ...request, annotate: (key, value) => (remarks[key] = value) }, objects),
};

describe('PodSecurity', () => {
  let world: AdmittingApi;
  beforeEach(async () => {
    for (const key of Object.keys(remarks)) delete remarks[key];
    world = await admittingApi(audited);
  });
  afterEach(() => world.stop());

  const label = (mode: string): string => `pod-security.kubernetes.io/${mode}`;
  const labels = (asked: Record<string, string>) => Object.fromEntries(Object.entries(asked).map(([mode, value]) => [label(mode), value]));
  const ask = (asked: Record<string, string>, client = world.client) => client.patch(Namespace, { name: 'default' }, { type: 'merge', document: { metadata: { labels: labels(asked) } } });
  const container = (name: string, image = 'i') => ({ name, image, securityContext: { privileged: true } });
  const run = (name = 'p', client = world.client, owner?: string) => client.create(Pod, {
    metadata: { namespace: 'default', name, ...owner === undefined ? {} : { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: owner, controller: true }] } },
    spec: { containers: [container('x')] },
  });
  const privileged = 'privileged (container "x" must not set securityContext.privileged=true)';

  it('refuses pods that fall short', async () => {
    await ask({ 'enforce': 'baseline', 'enforce-version': 'v1.30' });
    expect(await refusalOf(run())).to.equal(`403 pods "p" is forbidden: violates PodSecurity "baseline:v1.30": ${privileged}`);
    expect(remarks).to.deep.equal({ [label('enforce-policy')]: 'baseline:v1.30' });
    await ask({ enforce: 'privileged' });
    await run();
    expect(world.warnings()).to.deep.equal([]);
  });

  it('leaves pods as they are alone, until they change in earnest', async () => {
    await run();
    await ask({ enforce: 'baseline' });
    const patch = (document: Record<string, unknown>) => world.client.patch(Pod, { namespace: 'default', name: 'p' }, { type: 'merge', document });
    await patch({ metadata: { labels: { a: 'b' }, finalizers: null } });
    await world.client.patchStatus(Pod, { namespace: 'default', name: 'p' }, { type: 'merge', document: { status: { phase: 'Running' } } });
    expect(await refusalOf(patch({ spec: { containers: [container('x', 'other')] } }))).to.match(/^403 pods "p" is forbidden: violates PodSecurity "baseline:latest": privileged/);
  });

  it('warns of pods and workloads, and remarks on them', async () => {
    await ask({ warn: 'baseline', audit: 'baseline', enforce: 'privileged' });
    await run();
    const [warning] = [`would violate PodSecurity "baseline:latest": ${privileged}`];
    expect(world.warnings()).to.deep.equal([warning]);
    expect(remarks).to.deep.equal({ [label('enforce-policy')]: 'privileged:latest', [label('audit-violations')]: warning });
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [container('x')] } };
    await ask({ enforce: 'baseline', audit: 'privileged' });
    await world.client.create(Deployment, { metadata: { namespace: 'default', name: 'd' }, spec: { selector: { matchLabels: { a: 'b' } }, template } });
    await world.client.create(CronJob, {
      metadata: { namespace: 'default', name: 'j' },
      spec: { schedule: '* * * * *', jobTemplate: { spec: { template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } } } },
    });
    expect(world.warnings().filter((each) => each === warning)).to.have.length(3);
  });

  it('does not warn of what it refuses', async () => {
    await ask({ warn: 'restricted', enforce: 'baseline' });
    await refusalOf(run());
    expect(world.warnings()).to.deep.equal([]);
  });

  it('refuses labels that it cannot read', async () => {
    const bad = labels({ 'enforce': 'strict', 'warn-version': '1.30' });
    const text = `metadata.labels[${label('enforce')}]: Invalid value: "strict": must be one of privileged, baseline, restricted`;
    const refusal = `422 Namespace "n" is invalid: [${text}, metadata.labels[${label('warn-version')}]: Invalid value: "1.30": must be "latest" or "v1.x"]`;
    expect(await refusalOf(world.client.create(Namespace, { metadata: { name: 'n', labels: bad } }))).to.equal(refusal);
    await ask({ enforce: 'strict' }, world.unchecked);
    await ask({ other: 'x' });
    expect(await refusalOf(ask({ warn: 'x' }))).to.contain(text);
    expect(await refusalOf(run())).to.match(/violates PodSecurity "restricted:latest"/);
    expect(remarks[label('error')]).to.equal(`Failed to parse policy: ${text}`);
  });

  it('tells what a new label means for the pods there are', async () => {
    for (const [name, owner] of [['b', 'u1'], ['a', 'u1'], ['c', 'u1'], ['d', undefined]] as const) await run(name, world.client, owner);
    await world.client.create(Pod, { metadata: { namespace: 'default', name: 'e' }, spec: { hostNetwork: true, containers: [{ name: 'x', image: 'i' }] } });
    await world.client.create(Pod, { metadata: { namespace: 'kube-system', name: 'e' }, spec: { hostPID: true, containers: [{ name: 'x', image: 'i' }] } });
    await ask({ enforce: 'baseline' });
    const head = (standard: string): string => `existing pods in namespace "default" violate the new PodSecurity enforce level "${standard}"`;
    const expected = ['a (and 3 other pods): privileged', 'e: host namespaces'];
    expect(world.warnings()).to.deep.equal([head('baseline:latest'), ...expected]);
    await ask({ 'enforce-version': 'v1.20' });
    expect(world.warnings().slice(3)).to.deep.equal([head('baseline:v1.20'), ...expected]);
    await ask({ other: 'x' });
    await ask({ enforce: 'privileged' });
    expect(world.warnings()).to.have.length(6);
  });
});
