import { CreateTagsCommand, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { awsBudgets } from '#providers/aws/budgets.ts';
import { EbsVolumeDriver } from '#providers/aws/ebs/volume-driver.ts';
import { AwsInstances } from '#providers/aws/instances.ts';
import { NetworkLoadBalancers } from '#providers/aws/load-balancers/load-balancers.ts';
import { AwsRoutes } from '#providers/aws/routes.ts';
import type { AwsEmulator } from '#test/emulators/aws/emulator.ts';
import { awsBalancerLab, labRegion, labRequest } from '#test/fixtures/aws-balancer-lab.ts';
import { awsLab } from '#test/fixtures/aws-lab.ts';
import { EbsLab } from '#test/fixtures/ebs-lab.ts';
import { callsOf, sentOf, type BenchCloud, type Traffic } from './bench-cloud.ts';
import { NodesWorld } from './nodes-world.ts';

const never = new AbortController().signal;
const throttling = true;
const tags = [{ Key: 'kubernetes.io/cluster/lab', Value: 'owned' }];
/** Full buckets, whatever the preparations took. */
const restMs = 10 * 60_000;

const trafficOf = ({ state }: AwsEmulator): Traffic =>
  Object.values(state.counts()).reduce((sum, { calls, throttled }) => ({ calls: sum.calls + calls, throttled: sum.throttled + throttled }), { calls: 0, throttled: 0 });

export const aws: BenchCloud = {
  name: 'AWS',
  known: {
    // A test of its authors with 5,000 pods on an account with the usual limits; how often it looked is not told.
    volumes: [['5,000, the EBS driver, published; changes only', (5_676 + 5_646 + 5_747 + 5_563) / 5_000, (100 * (646 + 657 + 650 + 562)) / (5_676 + 5_646 + 5_747 + 5_563), (100 * 646) / 5_676, '', '']],
    // New: DescribeInstances, DescribeSubnets twice, DescribeRouteTables, DescribeLoadBalancers, DescribeLoadBalancerAttributes, DescribeSecurityGroups twice, CreateLoadBalancer,
    // CreateTargetGroup, RegisterTargets, CreateListener, AuthorizeSecurityGroupIngress. Again, and for each change of nodes with RegisterTargets besides: DescribeInstances, DescribeSubnets
    // twice, DescribeRouteTables, DescribeLoadBalancers twice, DescribeListeners, DescribeTargetGroups, DescribeTargetHealth, DescribeLoadBalancerAttributes, DescribeSecurityGroups. Deleted:
    // DescribeLoadBalancers twice, DescribeTargetGroups, DeleteLoadBalancer, DeleteTargetGroup, DescribeSecurityGroups twice, RevokeSecurityGroupIngress.
    service: { who: 'cloud-provider-aws for an NLB, counted in its source', create: 13, ensure: 11, nodeChange: 12, remove: 8 },
    // One node after the other every five minutes; route tables and the instances behind them every ten seconds.
    nodes: { who: 'cloud-provider-aws with its defaults, counted in its source: at least', atRest: 12 * 1_000 + 2 * 360, initialize: 100 },
  },
  forVolumes: async (mode, count) => {
    const ebs = await EbsLab.make({ throttling });
    const nodes = await ebs.nodes(count);
    ebs.advance(restMs);
    const { lab } = ebs;
    const { calls, counted } = callsOf(mode, awsBudgets, lab.clock);
    return {
      clock: lab.clock, nodes, driver: new EbsVolumeDriver(lab.contextWith({ calls })),
      request: () => ebs.request(),
      traffic: () => trafficOf(lab.emulator),
      creates: () => sentOf(counted, 'aws:ec2:CreateVolume'),
      left: () => ebs.volumes.length,
      stop: () => ebs.stop(),
    };
  },
  forServices: async (mode) => {
    const lab = await awsBalancerLab({ throttling, quotas: { balancers: 200, rulesPerSecurityGroup: 200 } });
    lab.emulator.state.advance(restMs);
    const { calls } = callsOf(mode, awsBudgets, lab.clock);
    return {
      clock: lab.clock, balancers: new NetworkLoadBalancers(lab.contextWith({ calls })), targets: lab.targets,
      request: (number, targets) => labRequest(targets, { ports: [{ name: '', protocol: 'TCP', port: 80, nodePort: 30_000 + number }] }, number),
      addNode: () => lab.addNode(3),
      traffic: () => trafficOf(lab.emulator),
      stop: () => lab.stop(),
    };
  },
  forNodes: async (mode, count, asked) => {
    const lab = await awsLab({ throttling, delays: 'none', quotas: { vcpus: 10_000, routesPerTable: 2_000 } });
    const { context, emulator } = lab;
    const table = emulator.state.region(labRegion).routeTables.find(({ main }) => main)?.id ?? '';
    await context.api.ec2(new CreateTagsCommand({ Resources: [table], Tags: tags }), never);
    const { Instances = [] } = await context.api.ec2(new RunInstancesCommand({ ImageId: 'ami-12345678', InstanceType: 't3.micro', MinCount: count, MaxCount: count, TagSpecifications: [{ ResourceType: 'instance', Tags: tags }] }), never);
    emulator.state.advance(restMs);
    return NodesWorld.begin({
      names: Instances.map(({ PrivateDnsName = '' }) => PrivateDnsName),
      now: () => emulator.state.now,
      advance: (ms) => emulator.state.advance(ms),
      traffic: () => trafficOf(emulator),
      parts: ({ calls, clock }) => {
        const own = { ...lab.contextWith({ calls }), clock };
        return { instances: new AwsInstances(own), routes: new AwsRoutes(own) };
      },
      stop: () => lab.stop(),
    }, asked, (clock, inner) => callsOf(mode, awsBudgets, clock, inner).calls);
  },
};
