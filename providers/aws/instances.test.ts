import { CreateTagsCommand, DescribeAvailabilityZonesCommand, RunInstancesCommand, StartInstancesCommand, StopInstancesCommand, TerminateInstancesCommand, type DescribeInstancesCommandOutput } from '@aws-sdk/client-ec2';
import { expect } from 'chai';
import { silentLogger } from '#core/kernel/logger.ts';
import { guardedCalls } from '#core/platform-calls/guarded-calls.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { InstanceAnswer, InstanceMetadata, InstanceQuestion, Instances, OwnNames } from '#core/spi/instances.ts';
import { instancesConformance } from '#test/conformance/instances.ts';
import { awsLab, type AwsLab, type AwsLabOptions } from '#test/fixtures/aws-lab.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import type { AwsApi } from './api.ts';
import { awsBudgets } from './budgets.ts';
import type { AwsContext } from './context.ts';
import { AwsInstances } from './instances.ts';

const signal = new AbortController().signal;
const region = 'us-west-2';
const ownTag = { Key: 'kubernetes.io/cluster/lab', Value: 'owned' };

interface LaunchOptions {
  readonly tags?: readonly { readonly Key: string; readonly Value: string }[];
  readonly zone?: string;
  readonly type?: 'm5.large' | 't3.micro';
}

/** Resolves to the id and the name under which its node would be, as soon as it runs and everybody can see it. */
async function launch(lab: AwsLab, { tags = [ownTag], zone = 'us-west-2a', type = 'm5.large' }: LaunchOptions = {}): Promise<{ readonly id: string; readonly name: string; readonly providerId: string }> {
  const subnet = lab.emulator.state.region(region).subnets.find((one) => one.zone === zone);
  const { Instances: [instance] = [] } = await lab.context.api.ec2(new RunInstancesCommand({
    ImageId: 'ami-12345678', InstanceType: type, MinCount: 1, MaxCount: 1, SubnetId: subnet?.id,
    ...(tags.length === 0 ? {} : { TagSpecifications: [{ ResourceType: 'instance' as const, Tags: [...tags] }] }),
  }), signal);
  lab.emulator.state.advance(60_000);
  const id = instance?.InstanceId ?? '';
  return { id, name: instance?.PrivateDnsName ?? '', providerId: `aws:///${zone}/${id}` };
}
async function terminate(lab: AwsLab, id: string): Promise<void> {
  await lab.context.api.ec2(new TerminateInstancesCommand({ InstanceIds: [id] }), signal);
  lab.emulator.state.advance(60_000);
}

/** The kit gives its machines names of its own, which EC2 would not. */
class Renaming implements Instances, OwnNames {
  readonly names = new Map<string, string>();
  readonly provider = 'aws';
  readonly providerIdPrefix: string;
  readonly mostPerCall: number;
  readonly #instances: AwsInstances;

  constructor(instances: AwsInstances) {
    this.#instances = instances;
    this.providerIdPrefix = instances.providerIdPrefix;
    this.mostPerCall = instances.mostPerCall;
  }

  ownsName(node: string): boolean {
    return this.#instances.ownsName(this.names.get(node) ?? node);
  }

  describe(questions: readonly InstanceQuestion[], abort: AbortSignal): Promise<readonly InstanceAnswer[]> {
    return this.#instances.describe(questions.map(({ node, providerId }) => ({ node: this.names.get(node) ?? node, providerId })), abort);
  }
}

for (const [title, options] of Object.entries<AwsLabOptions>({
  'AWS': { delays: 'none' },
  'AWS, slow and late': { seed: 3 },
  'AWS, with every fifth call failing': { seed: 4, delays: 'none', faults: { rate: 0.2, actions: ['DescribeInstances', 'DescribeTags'] } },
})) {
  instancesConformance(title, async () => {
    const lab = await awsLab(options);
    const { calls } = guardedCalls({ budgets: awsBudgets, clock: lab.clock, log: silentLogger, random: seededRandom(1) });
    const instances = new Renaming(new AwsInstances(lab.contextWith({ calls })));
    const ids = new Map<string, string>();
    const own = (name: string): string => ids.get(name) ?? expect.fail(`there is no ${name}`);
    return {
      instances,
      launch: async (name) => {
        const made = await launch(lab);
        ids.set(name, made.id);
        instances.names.set(name, made.name);
      },
      terminate: (name) => terminate(lab, own(name)),
      stop: async (name) => {
        await lab.context.api.ec2(new StopInstancesCommand({ InstanceIds: [own(name)] }), signal);
        lab.emulator.state.advance(60_000);
      },
      cutOff: async () => lab.emulator.state.setFaults({ rate: 1, kinds: ['before', 'lost'] }),
      cleanup: () => lab.stop(),
    };
  });
}

describe('AwsInstances', () => {
  let lab: AwsLab;
  let instances: AwsInstances;
  beforeEach(async () => {
    lab = await awsLab({ delays: 'none' });
    instances = new AwsInstances(lab.context);
  });
  afterEach(() => lab.stop());

  const ask = (...questions: readonly (string | InstanceQuestion)[]): Promise<readonly InstanceAnswer[]> =>
    instances.describe(questions.map((one) => (typeof one === 'string' ? { node: 'node', providerId: one } : one)), signal);
  const byName = (node: string): InstanceQuestion => ({ node, providerId: '' });
  const metadataOf = (answer: InstanceAnswer | undefined): InstanceMetadata => (answer !== undefined && 'metadata' in answer ? answer.metadata : expect.fail(JSON.stringify(answer)));
  const reasonOf = (answer: InstanceAnswer | undefined): string => (answer?.state === 'unknown' ? answer.reason : expect.fail(JSON.stringify(answer)));
  const calls = (): readonly string[] => lab.emulator.state.journal.map(({ action }) => action).filter((action) => action.startsWith('Describe'));
  const absent = 'i-0123456789abcdef0';
  const changed = (change: (output: DescribeInstancesCommandOutput) => void): AwsContext => {
    const api: AwsApi = {
      ...lab.context.api, elb: () => expect.fail(),
      ec2: async (command, abort) => {
        const output = await lab.context.api.ec2(command, abort);
        if (command.constructor.name === 'DescribeInstancesCommand') change(output);
        return output;
      },
    };
    return { ...lab.context, api };
  };

  it('tells what nodes need: type, places, addresses in the order of their use', async () => {
    const { id, name, providerId } = await launch(lab, { zone: 'us-west-2b', type: 't3.micro' });
    const row = lab.emulator.state.region(region).instances.get(id)!;
    const metadata = metadataOf((await ask(byName(name)))[0]);
    expect(metadata).to.deep.equal({
      providerId, instanceType: 't3.micro', zone: 'us-west-2b', region, labels: { 'topology.k8s.aws/zone-id': 'usw2-az2' },
      addresses: [
        { type: 'InternalIP', address: row.privateIp }, { type: 'ExternalIP', address: row.publicIp }, { type: 'InternalDNS', address: name }, { type: 'Hostname', address: name },
        { type: 'ExternalDNS', address: `ec2-${row.publicIp?.replaceAll('.', '-')}.us-west-2.compute.amazonaws.com` },
      ],
    });
    expect(calls()).to.deep.equal(['DescribeInstances']);
  });

  it('tells the addresses of all interfaces, the first one\'s first, and of IPv6', async () => {
    const { providerId } = await launch(lab);
    instances = new AwsInstances(changed(({ Reservations = [] }) => {
      Object.assign(Reservations[0]?.Instances?.[0] ?? {}, {
        PublicIpAddress: undefined, PublicDnsName: '', Ipv6Address: '2001:db8::1',
        NetworkInterfaces: [
          { Status: 'in-use', Attachment: { DeviceIndex: 1 }, PrivateIpAddresses: [{ PrivateIpAddress: '10.0.1.1', Primary: true }], Ipv6Addresses: [{ Ipv6Address: '2001:db8::2' }] },
          { Status: 'detaching', Attachment: { DeviceIndex: 2 }, PrivateIpAddresses: [{ PrivateIpAddress: '10.0.2.1' }] },
          { Attachment: { DeviceIndex: 0 }, Ipv6Addresses: [{ Ipv6Address: '2001:db8::1' }], PrivateIpAddresses: [{ PrivateIpAddress: '10.0.0.2', Primary: false }, { PrivateIpAddress: '10.0.0.1', Primary: true, Association: { PublicIp: '203.0.113.7' } }] },
        ],
      });
    }));
    const { addresses } = metadataOf((await ask(providerId))[0]);
    expect(addresses.filter(({ type }) => type.endsWith('IP')).map(({ type, address }) => `${type} ${address}`)).to.deep.equal([
      'InternalIP 10.0.0.1', 'InternalIP 10.0.0.2', 'InternalIP 10.0.1.1', 'InternalIP 2001:db8::1', 'InternalIP 2001:db8::2', 'ExternalIP 203.0.113.7',
    ]);
  });

  it('looks up the ids of zones once, where instances do not tell them, and does without when that is forbidden', async () => {
    const { providerId } = await launch(lab);
    const context = changed(({ Reservations = [] }) => delete Reservations[0]?.Instances?.[0]?.Placement?.AvailabilityZoneId);
    instances = new AwsInstances(context);
    for (let i = 0; i < 3; i++) expect(metadataOf((await ask(providerId))[0]).labels).to.deep.equal({ 'topology.k8s.aws/zone-id': 'usw2-az1' });
    expect(calls().filter((action) => action === 'DescribeAvailabilityZones')).to.have.length(1);
    lab.emulator.state.setAccess({ deny: ['ec2:DescribeAvailabilityZones'] });
    const refusal: unknown = await lab.context.api.ec2(new DescribeAvailabilityZonesCommand({}), signal).catch((error: unknown) => error);
    expect(refusal instanceof Error && refusal.message).to.contain('permission for ec2:DescribeAvailabilityZones');
    instances = new AwsInstances(context);
    for (let i = 0; i < 3; i++) expect(metadataOf((await ask(providerId))[0]).labels).to.deep.equal({});
    expect(calls().filter((action) => action === 'DescribeAvailabilityZones')).to.have.length(3);
  });

  it('takes ids as others write them, and answers with what was asked for', async () => {
    const { id } = await launch(lab);
    const forms = [`aws:///us-west-2a/${id}`, `aws:////${id}`, `aws:///${id}`, `aws:///us-west-2/${id}`, `aws:///us-west-2-lax-1a/${id}`];
    expect((await ask(...forms)).map((answer) => metadataOf(answer).providerId)).to.deep.equal(forms);
    expect(calls()).to.deep.equal(['DescribeInstances']);
  });

  it('does not know instances of other regions, and what is no instance of EC2', async () => {
    const { id } = await launch(lab);
    const foreign = [`aws:///eu-west-1a/${id}`, `aws:///eu-west-1/${id}`, `aws:///nowhere/${id}`, 'aws:///us-west-2a/fargate-ip-10-0-0-1.us-west-2.compute.internal', `aws://us-west-2a/${id}`, `gce://project/us-west-2a/${id}`, `aws:///us-west-2a/${id}/x`, 'aws:///us-west-2a/i-*'];
    const answers = await ask(...foreign);
    expect(answers.map(({ state }) => state)).to.deep.equal(foreign.map(() => 'unknown'));
    expect(reasonOf(answers[0])).to.contain('is not in us-west-2');
    expect(calls()).to.deep.equal([]);
  });

  it('says of starting, stopping and ending instances that they run, of stopped ones that they do not, until they are gone', async () => {
    await lab.stop();
    lab = await awsLab({ seed: 5, delays: { consistency: [0, 0], instanceForget: [3_600_000, 3_600_000] } });
    instances = new AwsInstances(lab.context);
    const { Instances: [made] = [] } = await lab.context.api.ec2(new RunInstancesCommand({ ImageId: 'ami-12345678', InstanceType: 'm5.large', MinCount: 1, MaxCount: 1, TagSpecifications: [{ ResourceType: 'instance', Tags: [ownTag] }] }), signal);
    const id = made?.InstanceId ?? '';
    const providerId = `aws:///${made?.Placement?.AvailabilityZone}/${id}`;
    const state = async (): Promise<string> => `${lab.emulator.state.region(region).instances.get(id)?.state ?? 'forgotten'} ${(await ask(providerId))[0]?.state}`;
    const seen = [await state()];
    const after = async (ms: number): Promise<void> => {
      lab.emulator.state.advance(ms);
      seen.push(await state());
    };
    await after(60_000);
    await lab.context.api.ec2(new StopInstancesCommand({ InstanceIds: [id] }), signal);
    await after(0);
    await after(60_000);
    await lab.context.api.ec2(new StartInstancesCommand({ InstanceIds: [id] }), signal);
    await after(0);
    await after(60_000);
    await lab.context.api.ec2(new TerminateInstancesCommand({ InstanceIds: [id] }), signal);
    await after(0);
    await after(60_000);
    await after(3_600_000);
    expect(seen).to.deep.equal(['pending running', 'running running', 'stopping running', 'stopped shut-down', 'pending running', 'running running', 'shutting-down running', 'terminated gone', 'forgotten gone']);
  });

  describe('of an id that EC2 does not know', () => {
    const asked = `aws:///us-west-2a/${absent}`;
    const waited = async (): Promise<InstanceAnswer | undefined> => {
      expect(reasonOf((await ask(asked))[0])).to.contain('or not yet');
      lab.emulator.state.advance(2 * 60_000);
      return (await ask(asked))[0];
    };

    it('is sure only after two minutes, in the cluster\'s account', async () => {
      const { id } = await launch(lab);
      expect(await waited()).to.deep.equal({ state: 'gone' });
      await terminate(lab, id);
      expect((await ask(asked))[0]).to.deep.equal({ state: 'gone' });
      expect(calls().filter((action) => action === 'DescribeTags')).to.have.length(1);
    });

    it('is never sure in an account that has nothing of the cluster', async () => {
      await launch(lab, { tags: [{ Key: 'kubernetes.io/cluster/another', Value: 'owned' }] });
      expect(reasonOf(await waited())).to.contain('it may not be the cluster\'s account');
      for (let i = 0; i < 5; i++) await ask(asked);
      expect(calls().filter((action) => action === 'DescribeTags')).to.have.length(1);
      await launch(lab);
      expect((await ask(asked))[0]).to.deep.equal({ state: 'gone' });
    });

    it('is not sure when it may not look for the cluster\'s things', async () => {
      await launch(lab);
      lab.emulator.state.setAccess({ deny: ['ec2:DescribeTags'] });
      expect((await waited())?.state).to.equal('unknown');
    });

    it('is not sure of one that names no region, unless it was there before', async () => {
      const [{ id }] = [await launch(lab), await launch(lab)];
      const bare = [`aws:////${absent}`, `aws:////${id}`];
      expect((await ask(...bare)).map(({ state }) => state)).to.deep.equal(['unknown', 'running']);
      await terminate(lab, id);
      lab.emulator.state.advance(2 * 3_600_000);
      const [unseen, seen] = await ask(...bare);
      expect(reasonOf(unseen)).to.contain('does not say that it ever was there');
      expect(seen).to.deep.equal({ state: 'gone' });
    });

    it('knows all others asked for with it', async () => {
      const { providerId } = await launch(lab);
      expect((await ask(asked, providerId)).map(({ state }) => state)).to.deep.equal(['unknown', 'running']);
      expect(calls()).to.deep.equal(['DescribeInstances', 'DescribeInstances']);
    });
  });

  describe('by name', () => {
    it('finds private names and ids of the cluster\'s instances only', async () => {
      const [own, foreign] = [await launch(lab), await launch(lab, { tags: [] })];
      const names = [own.name, own.id, `${own.id}.us-west-2.compute.internal`, `${own.id}.eu-west-1.compute.internal`, foreign.name, foreign.id];
      expect((await ask(...names.map(byName))).map((answer) => ('metadata' in answer ? answer.metadata.providerId : answer.state))).to.deep.equal([own.providerId, own.providerId, own.providerId, 'gone', 'gone', 'gone']);
      expect(names.map((name) => instances.ownsName(name))).to.deep.equal([true, true, true, true, true, true]);
      expect(['node-1', 'ip-10-0-0-1.example.com', 'i-1', 'ec2.internal'].filter((name) => instances.ownsName(name))).to.deep.equal([]);
    });

    it('takes the mark of a shared cluster, and forgets an instance that ended', async () => {
      const { id, name } = await launch(lab, { tags: [] });
      expect((await ask(byName(name)))[0]?.state).to.equal('gone');
      await lab.context.api.ec2(new CreateTagsCommand({ Resources: [id], Tags: [{ ...ownTag, Value: 'shared' }] }), signal);
      expect((await ask(byName(name), byName(id))).map(({ state }) => state)).to.deep.equal(['running', 'running']);
      await terminate(lab, id);
      expect((await ask(byName(name), byName(id))).map(({ state }) => state)).to.deep.equal(['gone', 'gone']);
    });

    it('does not choose between two instances of one name', async () => {
      const { name } = await launch(lab);
      const second = await launch(lab);
      instances = new AwsInstances(changed(({ Reservations = [] }) => {
        for (const { Instances: [one] = [] } of Reservations) one!.PrivateDnsName = name;
      }));
      const [answer] = await instances.describe([byName(name), byName(second.id)], signal);
      expect(reasonOf(answer)).to.equal('2 instances of the cluster have the same name');
    });
  });

  it('gives up only on what failed', async () => {
    const { name, providerId } = await launch(lab);
    lab.emulator.state.setFaults({ faults: [{ action: 'DescribeInstances', nth: 1, kind: 'before', code: 'RequestLimitExceeded', status: 503 }] });
    const both = await ask(providerId, byName(name));
    expect(both.map(({ state }) => state).toSorted()).to.deep.equal(['running', 'unknown']);
    lab.emulator.state.setFaults({ faults: [{ action: 'DescribeInstances', nth: 3, kind: 'before', code: 'RequestLimitExceeded', status: 503 }] });
    expect(ProviderError.is(await ask(providerId).catch((error: unknown) => error), 'Throttled')).to.equal(true);
    expect((await ask(providerId))[0]?.state).to.equal('running');
  });

  it('is not answered by half the pages', async () => {
    const made = [await launch(lab), await launch(lab)];
    const paged = new AwsInstances({
      ...lab.context,
      api: {
        elb: () => expect.fail(),
        ec2: (command, abort) => {
          Object.assign(command.input, 'MaxResults' in command.input ? { MaxResults: 5 } : {});
          return lab.context.api.ec2(command, abort);
        },
      },
    });
    for (let i = 0; i < 5; i++) made.push(await launch(lab));
    const asked = made.map(({ name }) => byName(name));
    expect((await paged.describe(asked, signal)).map(({ state }) => state)).to.deep.equal(made.map(() => 'running'));
    expect(calls()).to.have.length(2);
    lab.emulator.state.setFaults({ faults: [{ action: 'DescribeInstances', nth: 4, kind: 'lost' }] });
    expect(ProviderError.is(await paged.describe(asked, signal).catch((error: unknown) => error), 'Unavailable')).to.equal(true);
  });
});
