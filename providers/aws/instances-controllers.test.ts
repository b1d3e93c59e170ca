import { CreateTagsCommand, RunInstancesCommand, StopInstancesCommand, TerminateInstancesCommand, type Instance } from '@aws-sdk/client-ec2';
import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { CloudNodeController } from '#core/controllers/cloud-node/controller.ts';
import { InstanceDirectory } from '#core/controllers/cloud-node/instance-directory.ts';
import { CloudNodeLifecycleController } from '#core/controllers/cloud-node-lifecycle/controller.ts';
import { RouteController } from '#core/controllers/route/controller.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { awsLab, type AwsLab } from '#test/fixtures/aws-lab.ts';
import { uninitialized } from '#test/fixtures/cloud-world.ts';
import { ClusterNodes } from '#test/fixtures/cluster-nodes.ts';
import { ControllerHarness } from '#test/fixtures/controller-harness.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import type { AwsContext } from './context.ts';
import { AwsInstances } from './instances.ts';
import { AwsRoutes } from './routes.ts';

const signal = new AbortController().signal;
const minute = 60_000;
const tags = [{ Key: 'kubernetes.io/cluster/lab', Value: 'owned' }];

/** An API, the emulator, and the three controllers of nodes over both. */
class World {
  readonly clock = new FakeClock();
  lab!: AwsLab;
  api!: InMemoryApi;
  harness!: ControllerHarness;
  readonly #underWay = new Set<Promise<unknown>>();

  static async make(): Promise<World> {
    const world = new World();
    world.lab = await awsLab({
      delays: 'none', quotas: { vcpus: 10_000, routesPerTable: 2_000 },
      calls: {
        run: async (_call, send, abort) => {
          const answer = send(abort);
          world.#underWay.add(answer);
          return answer.finally(() => world.#underWay.delete(answer));
        },
      },
    });
    const table = world.lab.emulator.state.region('us-west-2').routeTables.find(({ main }) => main)?.id ?? '';
    await world.lab.context.api.ec2(new CreateTagsCommand({ Resources: [table], Tags: tags }), signal);
    world.api = await inMemoryApi(world.clock);
    const context: AwsContext = { ...world.lab.context, clock: world.clock };
    world.harness = new ControllerHarness({
      world: world.api, clock: world.clock, seed: 1, gatheringMs: 100, outside: () => (world.#underWay.size === 0 ? undefined : Promise.allSettled(world.#underWay).then(() => undefined)),
      controllers: (parts) => {
        const directory = new InstanceDirectory({ instances: [new AwsInstances(context)], clock: world.clock, logger: silentLogger });
        return [
          new CloudNodeController({ ...parts, directory }), new CloudNodeLifecycleController({ ...parts, directory }),
          new RouteController({ ...parts, routes: [new AwsRoutes(context)], clusterCidrs: ['10.0.0.0/8'] }),
        ];
      },
    });
    await world.harness.start();
    return world;
  }

  /** Instances that run. */
  async launch(count: number): Promise<readonly Instance[]> {
    const { Instances = [] } = await this.lab.context.api.ec2(new RunInstancesCommand({ ImageId: 'ami-12345678', InstanceType: 't3.micro', MinCount: count, MaxCount: count, TagSpecifications: [{ ResourceType: 'instance', Tags: tags }] }), signal);
    return Instances;
  }

  async join({ PrivateDnsName: name = '' }: Instance, podCIDR?: string): Promise<string> {
    await this.api.client.create(Node, { metadata: { name }, spec: { taints: [uninitialized], ...(podCIDR === undefined ? {} : { podCIDR, podCIDRs: [podCIDR] }) } });
    await new ClusterNodes({ client: this.api.client, clock: this.clock }).report(name);
    return name;
  }

  async pass(ms: number): Promise<void> {
    const until = this.clock.now() + ms;
    await this.harness.settle(ms);
    await this.clock.advance(Math.max(0, until - this.clock.now()));
  }

  /** Calls of the cloud by their actions, since this was asked last. */
  calls(): Record<string, number> {
    const { journal } = this.lab.emulator.state;
    const since = journal.slice(this.#seen);
    this.#seen = journal.length;
    return Object.fromEntries([...Map.groupBy(since, ({ action }) => action)].map(([action, all]) => [action, all.length]));
  }
  #seen = 0;

  node(name: string): Promise<Node> {
    return this.api.client.get(Node, { name });
  }

  async stop(): Promise<void> {
    this.harness.end();
    await this.api.stop();
    await this.lab.stop();
  }
}

const cloudTaints = ({ spec: { taints = [] } }: Node): readonly string[] => taints.map(({ key }) => key).filter((key) => key.startsWith('node.cloudprovider.'));
const rangeOf = (i: number): string => `10.${Math.floor(i / 256)}.${i % 256}.0/24`;

describe('nodes on AWS', function () {
  this.timeout(120_000);
  let world: World;
  beforeEach(async () => {
    world = await World.make();
  });
  afterEach(() => world.stop());

  it('initializes 100 nodes with one call', async () => {
    const instances = await world.launch(100);
    world.calls();
    const names = await Promise.all(instances.map((instance) => world.join(instance)));
    await world.pass(1_000);
    for (const name of names) expect(cloudTaints(await world.node(name))).to.deep.equal([]);
    const { DescribeRouteTables, ...calls } = world.calls();
    expect(DescribeRouteTables).to.equal(1);
    expect(calls).to.deep.equal({ DescribeInstances: 1 });
    const { spec: { providerID }, metadata: { labels }, status: { addresses = [] } } = await world.node(names[0]!);
    const [{ InstanceId, Placement, PrivateIpAddress } = {}] = instances;
    expect(providerID).to.equal(`aws:///${Placement?.AvailabilityZone}/${InstanceId}`);
    expect(labels).to.include({ 'topology.kubernetes.io/zone': Placement?.AvailabilityZone, 'topology.kubernetes.io/region': 'us-west-2', 'node.kubernetes.io/instance-type': 't3.micro', 'topology.k8s.aws/zone-id': 'usw2-az1' });
    expect(addresses[0]).to.deep.equal({ type: 'InternalIP', address: PrivateIpAddress });
  });

  it('asks for 1,000 nodes at rest in two calls every five minutes', async () => {
    for (const instance of await world.launch(1_000)) await world.join(instance);
    // Between two rounds: one at the very end of what is counted would be in it, or not, as its last call was full or had to wait for others.
    await world.pass(6 * minute);
    world.calls();
    await world.pass(10 * minute);
    expect(world.calls()).to.deep.equal({ DescribeInstances: 4, DescribeRouteTables: 1 });
  });

  it('makes the routes of 50 nodes with few calls besides, and looks at them with two every ten minutes', async () => {
    const instances = await world.launch(50);
    world.calls();
    for (const [i, instance] of instances.entries()) await world.join(instance, rangeOf(i));
    await world.pass(4 * minute);
    const { DescribeInstances = 0, ...others } = world.calls();
    expect(others).to.deep.equal({ DescribeRouteTables: 1, ModifyInstanceAttribute: 50, CreateRoute: 50 });
    expect(DescribeInstances).to.be.at.most(10);
    await world.pass(10 * minute);
    expect(world.calls()).to.deep.equal({ DescribeInstances: 2 + 1, DescribeRouteTables: 1 });
    expect(world.harness.failures).to.deep.equal([]);
  });

  it('taints a node whose instance is stopped, and deletes it with its route when that is terminated', async () => {
    const instances = await world.launch(2);
    const [gone, kept] = [await world.join(instances[0]!, rangeOf(0)), await world.join(instances[1]!, rangeOf(1))];
    await world.pass(minute);
    const destinations = (): readonly string[] => world.lab.emulator.state.region('us-west-2').routeTables.find(({ main }) => main)!.routes.slice(2).map(({ destination }) => destination);
    expect(destinations()).to.have.members([rangeOf(0), rangeOf(1)]);
    expect((await world.node(kept)).status.conditions?.find(({ type }) => type === 'NetworkUnavailable')?.reason).to.equal('RouteCreated');
    const InstanceIds = [instances[0]?.InstanceId ?? ''];
    await world.lab.context.api.ec2(new StopInstancesCommand({ InstanceIds }), signal);
    await world.pass(2 * minute);
    await new ClusterNodes({ client: world.api.client, clock: world.clock }).report(gone, 'False');
    await world.pass(minute);
    expect(cloudTaints(await world.node(gone))).to.deep.equal(['node.cloudprovider.kubernetes.io/shutdown']);
    await world.lab.context.api.ec2(new TerminateInstancesCommand({ InstanceIds }), signal);
    await world.pass(5 * minute);
    expect((await world.api.client.list(Node)).items.map(({ metadata }) => metadata.name)).to.deep.equal([kept]);
    expect(destinations()).to.deep.equal([rangeOf(1)]);
  });
});
