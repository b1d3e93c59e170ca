import { expect } from 'chai';
import { Sandbox, until, type Running } from './harness.ts';
import { findKubectls, type Kubectl } from './kubectl.ts';
import { program, requires } from '#test/fixtures/requires.ts';

const newest = (await findKubectls()).at(-1);

/** Deployments without nodes: the test says of pods that they are ready. */
describe('rollouts with kubectl', function () {
  this.timeout(120_000);
  before(requires(program('kubectl', 'kubernetes-client')));

  let sandbox: Sandbox;
  let keelson: Running;
  let kubectl: Kubectl;
  let stopLife: () => Promise<void>;

  before(async () => {
    sandbox = await Sandbox.make();
    keelson = await sandbox.up(['--nodes', '0']);
    if (newest === undefined) throw new Error('there is no kubectl');
    kubectl = keelson.kubectl(newest);
    stopLife = life(keelson);
  });
  after(async () => {
    await stopLife?.();
    await keelson?.stop();
    await sandbox?.remove();
  });

  const images = async (): Promise<string[]> => {
    const { items } = await kubectl.json('get', 'pods', '-l', 'app=web');
    return items.filter(({ metadata }: Item) => metadata.deletionTimestamp === undefined).map(({ spec }: Item) => spec.containers[0]?.image).toSorted();
  };
  const finished = async (): Promise<void> => {
    expect(await kubectl.run('rollout', 'status', 'deployment/web', '--timeout=25s')).to.match(/deployment "web" successfully rolled out$/);
  };

  it('go through, are listed, and are undone', async () => {
    await kubectl.run('create', 'deployment', 'web', '--image=nginx:1', '--replicas=3');
    await finished();
    expect(await images()).to.deep.equal(['nginx:1', 'nginx:1', 'nginx:1']);
    await kubectl.run('set', 'image', 'deployment/web', 'nginx=nginx:2');
    await finished();
    expect(await images()).to.deep.equal(['nginx:2', 'nginx:2', 'nginx:2']);
    expect((await kubectl.run('rollout', 'history', 'deployment/web')).match(/^\d+/gm)).to.deep.equal(['1', '2']);
    expect(await kubectl.run('rollout', 'undo', 'deployment/web')).to.equal('deployment.apps/web rolled back');
    await finished();
    expect(await images()).to.deep.equal(['nginx:1', 'nginx:1', 'nginx:1']);
    expect((await kubectl.run('rollout', 'history', 'deployment/web')).match(/^\d+/gm)).to.deep.equal(['2', '3']);
    await kubectl.run('rollout', 'undo', 'deployment/web', '--to-revision=2');
    await finished();
    expect(await images()).to.deep.equal(['nginx:2', 'nginx:2', 'nginx:2']);
    const described = await kubectl.run('describe', 'deployment', 'web');
    expect(described).to.match(/NewReplicaSet: +web-[a-z0-9]+ \(3\/3 replicas created\)/).and.match(/Normal +ScalingReplicaSet .* deployment-controller +Scaled up replica set web-[a-z0-9]+ from 0 to 3$/m);
  });

  it('wait while paused, and go on', async () => {
    await kubectl.run('rollout', 'pause', 'deployment/web');
    await kubectl.run('set', 'image', 'deployment/web', 'nginx=nginx:3');
    await kubectl.run('scale', 'deployment', 'web', '--replicas=5');
    await until(async () => (await images()).length === 5, 'five pods');
    expect(new Set(await images())).to.deep.equal(new Set(['nginx:2']));
    await kubectl.run('rollout', 'resume', 'deployment/web');
    await finished();
    expect(await images()).to.deep.equal(Array.from({ length: 5 }, () => 'nginx:3'));
  });

  it('make all pods anew on a restart', async () => {
    const names = async (): Promise<string> => kubectl.run('get', 'pods', '-l', 'app=web', '-o', 'name');
    const before = new Set((await names()).split('\n'));
    await kubectl.run('rollout', 'restart', 'deployment/web');
    await finished();
    await until(async () => !(await names()).trim().split('\n').some((name) => before.has(name)), 'the end of the pods before');
    expect((await names()).trim().split('\n')).to.have.length(5);
  });

  it('stop when the new pods fail', async () => {
    await kubectl.run('patch', 'deployment', 'web', '-p', '{"spec":{"progressDeadlineSeconds":3}}');
    await finished();
    await kubectl.run('set', 'image', 'deployment/web', 'nginx=broken');
    expect(await kubectl.refused('', 'rollout', 'status', 'deployment/web', '--timeout=25s')).to.include('error: deployment "web" exceeded its progress deadline');
    expect((await images()).filter((image) => image === 'nginx:3'), 'as many as have to be available').to.have.length(4);
    await kubectl.run('rollout', 'undo', 'deployment/web');
    await finished();
    expect(new Set(await images())).to.deep.equal(new Set(['nginx:3']));
  });

  it('end with everything that they made', async () => {
    await kubectl.run('delete', 'deployment', 'web');
    await until(async () => (await kubectl.run('get', 'rs,pods', '-l', 'app=web', '-o', 'name')) === '', 'the end of its sets and pods');
  });
});

interface Item {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly containers: readonly { readonly image?: string }[] };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** What a node would say of pods, over and over: each is ready whose image is not broken. */
function life(keelson: Running): () => Promise<void> {
  const path = '/api/v1/namespaces/default/pods';
  let ended = false;
  const round = async (): Promise<void> => {
    const { body } = await keelson.request('GET', path);
    const fresh = (body.items as Item[]).filter(({ spec, status }) => spec.containers[0]?.image !== 'broken' && !status.conditions?.some(({ type }) => type === 'Ready'));
    for (const { metadata } of fresh) {
      const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: new Date().toISOString().replace(/\.\d+/, '') }];
      await keelson.request('PATCH', `${path}/${metadata.name}/status`, { body: { status: { phase: 'Running', conditions } }, headers: { 'Content-Type': 'application/strategic-merge-patch+json' } });
    }
  };
  const running = (async () => {
    while (!ended) {
      await round();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  return async () => {
    ended = true;
    await running;
  };
}
