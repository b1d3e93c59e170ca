import { expect } from 'chai';
import { Deployment } from '#core/api/schema/apps-v1/deployment.ts';
import { ReplicaSet } from '#core/api/schema/apps-v1/replica-set.ts';
import { Event } from '#core/api/schema/core-v1/event.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { startControlPlane, type ControlPlane } from '#core/cli/start-control-plane.ts';
import { DeploymentController } from '#core/controllers/deployment/controller.ts';
import { rfc3339, systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { SharedInformers } from '#core/reconcile/informers.ts';
import { Manager } from '#core/reconcile/manager.ts';
import { eventually } from '#test/fixtures/eventually.ts';

const namespace = 'default';
const labels = { app: 'web' };
const template = (image: string) => ({ metadata: { labels }, spec: { containers: [{ name: 'main', image }] } });

describe('deployments', function () {
  this.timeout(60_000);
  let plane: ControlPlane;
  let readying: Promise<void>;
  let isOver = false;
  /** Fewest that were ready and most that there were at once, since it was asked last. */
  let fewest = Infinity;
  let most = 0;

  before(async () => {
    plane = await startControlPlane();
    readying = live();
  });
  after(async () => {
    isOver = true;
    await readying;
    await plane?.stop();
  });

  const pods = async (): Promise<Pod[]> => (await plane.client.list(Pod, { namespace })).items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const isReady = ({ status }: Pod): boolean => status.conditions?.some(({ type }) => type === 'Ready') === true;
  const get = (): Promise<Deployment> => plane.client.get(Deployment, { namespace, name: 'web' });
  const change = (spec: object): Promise<Deployment> => plane.client.patch(Deployment, { namespace, name: 'web' }, { type: 'merge', document: { spec } });

  /** What nodes would do: pods become ready, one at a time. */
  async function live(): Promise<void> {
    while (!isOver) {
      const all = await pods();
      most = Math.max(most, all.length);
      fewest = Math.min(fewest, all.filter(isReady).length);
      const next = all.find((pod) => !isReady(pod));
      if (next !== undefined) {
        await plane.client.patchStatus(Pod, next.metadata, { type: 'merge', document: { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: rfc3339(systemClock.now()) }] } } }).catch(() => undefined);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  const rolledOut = (image: string, replicas: number): Promise<void> => eventually(async () => {
    const { metadata, status } = await get();
    const all = await pods();
    return status.observedGeneration === metadata.generation && status.updatedReplicas === replicas && status.replicas === replicas && status.availableReplicas === replicas
      && all.length === replicas && all.every(({ spec }) => spec.containers[0]?.image === image);
  }, `the rollout of ${image}`, 20_000);

  it('are scaled through their subresource, and events tell of it', async () => {
    await plane.client.create(Deployment, {
      metadata: { namespace, name: 'web' },
      spec: { replicas: 3, revisionHistoryLimit: 2, selector: { matchLabels: labels }, template: template('one'), strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } },
    });
    await rolledOut('one', 3);
    for (const replicas of [12, 10]) {
      await plane.client.patch(Deployment, { namespace, name: 'web' }, { type: 'merge', document: { spec: { replicas } } }, { subresource: 'scale' });
      await rolledOut('one', replicas);
    }
    const told = async (): Promise<boolean> => (await plane.client.list(Event, { namespace })).items.some(({ reason, source, message = '' }) =>
      reason === 'ScalingReplicaSet' && source?.component === 'deployment-controller' && /Scaled up replica set web-[a-z0-9]+ from 3 to 12$/.test(message));
    await eventually(told, 'the event');
  });

  it('replace all their pods within their pace, again and again, while two servers believe that they lead', async () => {
    [fewest, most] = [Infinity, 0];
    const informers = new SharedInformers({ reader: plane.client, clock: systemClock, logger: silentLogger });
    const recorder = { normal: () => undefined, warning: () => undefined };
    const manager = new Manager({ controllers: [new DeploymentController({ client: plane.client, informers, clock: systemClock, recorder })], informers, clock: systemClock, logger: silentLogger });
    await manager.start(new AbortController().signal);
    try {
      for (const image of ['two', 'three', 'four', 'one']) {
        await change({ template: template(image) });
        await rolledOut(image, 10);
      }
    } finally {
      await manager.stop();
    }
    expect(most, 'never more than the surge allows').to.be.at.most(13);
    expect(fewest, 'never fewer than have to be available').to.be.at.least(8);
    await eventually(async () => (await plane.client.list(ReplicaSet, { namespace })).items.length <= 3, 'the end of what is beyond the history');
    expect((await get()).metadata.annotations?.['deployment.kubernetes.io/revision']).to.equal('5');
  });

  it('end with their sets and pods', async () => {
    await plane.client.delete(Deployment, { namespace, name: 'web' });
    await eventually(async () => (await plane.client.list(ReplicaSet, { namespace })).items.length === 0 && (await pods()).length === 0, 'their end', 20_000);
  });
});
