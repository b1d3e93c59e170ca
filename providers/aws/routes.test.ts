import { inspect } from 'node:util';
import { CreateRouteCommand, CreateTagsCommand, ModifyInstanceAttributeCommand, RunInstancesCommand, StopInstancesCommand, TerminateInstancesCommand, type DescribeInstancesCommandOutput } from '@aws-sdk/client-ec2';
import { expect } from 'chai';
import { silentLogger } from '#core/kernel/logger.ts';
import { guardedCalls } from '#core/platform-calls/guarded-calls.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { Route, RouteRequest, RouteTarget } from '#core/spi/routes.ts';
import { routesConformance } from '#test/conformance/routes.ts';
import { awsLab, type AwsLab, type AwsLabOptions } from '#test/fixtures/aws-lab.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { awsBudgets } from './budgets.ts';
import type { AwsContext } from './context.ts';
import { AwsRoutes } from './routes.ts';

const signal = new AbortController().signal;
const region = 'us-west-2';
const tag = { Key: 'kubernetes.io/cluster/lab', Value: 'owned' };

const stateOf = (lab: AwsLab) => lab.emulator.state.region(region);
const idOf = ({ providerId }: RouteTarget): string => providerId.slice(providerId.lastIndexOf('/') + 1);
const mainTable = (lab: AwsLab): string => stateOf(lab).routeTables.find(({ main }) => main)?.id ?? '';

async function markTable(lab: AwsLab, id = mainTable(lab)): Promise<string> {
  await lab.context.api.ec2(new CreateTagsCommand({ Resources: [id], Tags: [tag] }), signal);
  lab.emulator.state.advance(60_000);
  return id;
}

/** The emulator has no call for it. */
function furtherTable(lab: AwsLab, { id = 'rtb-0123456789abcdef0', vpcId, isMarked = true }: { readonly id?: string; readonly vpcId?: string; readonly isMarked?: boolean } = {}): string {
  const known = stateOf(lab).routeTables.find(({ main }) => main)!;
  stateOf(lab).routeTables.insert({ ...known, id, sequence: known.sequence + 1000, main: false, vpcId: vpcId ?? known.vpcId, tags: new Map(isMarked ? [[tag.Key, tag.Value]] : []), routes: known.routes.slice(0, 1) }, true);
  return id;
}

async function launch(lab: AwsLab, node: string): Promise<RouteTarget> {
  const { Instances: [instance] = [] } = await lab.context.api.ec2(new RunInstancesCommand({ ImageId: 'ami-12345678', InstanceType: 't3.micro', MinCount: 1, MaxCount: 1 }), signal);
  lab.emulator.state.advance(60_000);
  return { node, uid: `uid-of-${node}`, providerId: `aws:///${instance?.Placement?.AvailabilityZone}/${instance?.InstanceId}`, addresses: [instance?.PrivateIpAddress ?? ''] };
}

/** Of all tables: destination, target. */
const things = (lab: AwsLab): readonly string[] =>
  [...stateOf(lab).routeTables.rows()].flatMap(({ id, routes }) => routes.filter(({ target, destination }) => target !== 'local' && destination !== '0.0.0.0/0').map(({ destination, kind, target }) => `${id} ${destination} ${kind} ${target}`)).toSorted();

const failure = (call: Promise<unknown>): Promise<unknown> => call.then(() => undefined, (error: unknown) => error);

const actions = ['DescribeRouteTables', 'DescribeInstances', 'ModifyInstanceAttribute', 'CreateRoute', 'DeleteRoute'];
const modes: Readonly<Record<string, AwsLabOptions & { readonly tables?: number }>> = {
  'AWS': { delays: 'none' },
  'AWS, slow and late': { seed: 7 },
  'AWS, with two route tables, slow and late': { seed: 8, tables: 2 },
  'AWS, with every fifth call failing': { seed: 9, tables: 2, delays: 'none', faults: { rate: 0.2, actions } },
};
for (const [title, { tables = 1, ...options }] of Object.entries(modes)) {
  routesConformance(title, async () => {
    const lab = await awsLab(options);
    const { calls } = guardedCalls({ budgets: awsBudgets, clock: lab.clock, log: silentLogger, random: seededRandom(1) });
    const context = lab.contextWith({ calls });
    const table = await markTable(lab);
    if (tables === 2) furtherTable(lab);
    const late = (): void => lab.emulator.state.advance(5_000);
    const routes = new AwsRoutes(context);
    return {
      routes,
      targets: [await launch(lab, 'node-1'), await launch(lab, 'node-2')],
      destinations: ['10.244.0.0/24', '10.244.1.0/24', '2001:db8:244::/64', '2001:db8:244:1::/64'],
      things: async () => things(lab),
      makeForeign: async (destination) => {
        await context.api.ec2(new CreateRouteCommand({ RouteTableId: table, DestinationCidrBlock: destination, GatewayId: [...stateOf(lab).gateways.rows()][0]?.id }), signal);
        late();
        return destination;
      },
      terminate: async (target) => {
        await lab.context.api.ec2(new TerminateInstancesCommand({ InstanceIds: [idOf(target)] }), signal);
        lab.emulator.state.advance(60_000);
      },
      // What one process does shows to another one a little later.
      restart: async () => {
        late();
        await routes.list(signal);
        return new AwsRoutes(lab.contextWith({ calls: { run: (call, send, abort) => calls.run(call, send, abort).finally(late) } }));
      },
      cleanup: () => lab.stop(),
    };
  });
}

describe('AwsRoutes', () => {
  let lab: AwsLab;
  let routes: AwsRoutes;
  let target: RouteTarget;
  let other: RouteTarget;
  let table: string;
  const begin = async (options: AwsLabOptions = {}): Promise<void> => {
    lab = await awsLab({ delays: 'none', ...options });
    table = await markTable(lab);
    [target, other] = [await launch(lab, 'node-1'), await launch(lab, 'node-2')];
    routes = new AwsRoutes(lab.context);
  };
  beforeEach(() => begin());
  afterEach(() => lab.stop());

  const requestOf = (destination = '10.244.0.0/24', to = target): RouteRequest => ({ name: to.uid, target: to, destination });
  const create = (request = requestOf()): Promise<Route> => routes.create(request, signal);
  const checks = (): readonly (boolean | undefined)[] => [target, other].map((one) => stateOf(lab).instances.get(idOf(one))?.sourceDestCheck);
  const calls = async (act: () => Promise<unknown>): Promise<readonly string[]> => {
    const before = lab.emulator.state.journal.length;
    await act();
    return lab.emulator.state.journal.slice(before).map(({ action }) => action);
  };
  const expectRefused = async (call: Promise<unknown>, reason: 'Invalid' | 'AlreadyExists' | 'Exhausted' | 'NotFound' | 'Unavailable', ...words: readonly string[]): Promise<void> => {
    const error = await failure(call);
    expect(ProviderError.is(error, reason), String(error)).to.equal(true);
    for (const word of words) expect(String(error)).to.contain(word);
  };

  it('makes instances take packets for others before it leads any to them, and only those that do not', async () => {
    expect(await calls(create)).to.deep.equal(['DescribeRouteTables', 'DescribeInstances', 'ModifyInstanceAttribute', 'CreateRoute']);
    expect(checks()).to.deep.equal([false, true]);
    expect(await calls(() => create(requestOf('2001:db8::/64')))).to.deep.equal(['DescribeInstances', 'CreateRoute']);
    expect(await calls(() => routes.list(signal))).to.deep.equal(['DescribeRouteTables', 'DescribeInstances']);
    expect(await calls(async () => routes.delete(await create(), signal))).to.deep.equal(['DescribeInstances', 'CreateRoute', 'DescribeRouteTables', 'DeleteRoute']);
    expect(await calls(() => Promise.all(Array.from({ length: 10 }, (_, i) => create(requestOf(`10.244.${i}.0/24`, i % 2 === 0 ? target : other)))))).to.have.length(12);
  });

  it('tells of a route that drops packets because its instance checks their destination again, or is stopped', async () => {
    const made = await create();
    await lab.context.api.ec2(new ModifyInstanceAttributeCommand({ InstanceId: idOf(target), SourceDestCheck: { Value: true } }), signal);
    lab.emulator.state.advance(60_000);
    expect(await routes.list(signal)).to.deep.equal([{ ...made, isBlackhole: true }]);
    await routes.delete(made, signal);
    await create();
    expect([checks()[0], await routes.list(signal)]).to.deep.equal([false, [made]]);
    await lab.context.api.ec2(new StopInstancesCommand({ InstanceIds: [idOf(target)] }), signal);
    lab.emulator.state.advance(60_000);
    expect(await routes.list(signal)).to.deep.equal([{ ...made, isBlackhole: true }]);
  });

  it('leads to the first interface of an instance that has several', async () => {
    const { interfaceId } = stateOf(lab).instances.get(idOf(target))!;
    const sent: object[] = [];
    const context: AwsContext = {
      ...lab.context,
      api: {
        elb: () => expect.fail(),
        ec2: async (command, abort) => {
          const { constructor: { name } } = command;
          if (name !== 'DescribeInstancesCommand') sent.push({ [name]: command.input });
          if (name === 'ModifyNetworkInterfaceAttributeCommand') return {} as never;
          const output = await lab.context.api.ec2(command, abort);
          for (const { Instances: all = [] } of (output as DescribeInstancesCommandOutput).Reservations ?? []) for (const one of all) one.NetworkInterfaces?.unshift({ NetworkInterfaceId: 'eni-2', Attachment: { DeviceIndex: 1 } });
          return output;
        },
      },
    };
    await new AwsRoutes(context).create(requestOf(), signal);
    expect(sent.slice(1)).to.deep.equal([
      { ModifyNetworkInterfaceAttributeCommand: { NetworkInterfaceId: interfaceId, SourceDestCheck: { Value: false } } },
      { CreateRouteCommand: { RouteTableId: table, DestinationCidrBlock: '10.244.0.0/24', NetworkInterfaceId: interfaceId } },
    ]);
    expect(things(lab)).to.deep.equal([`${table} 10.244.0.0/24 InstanceId ${idOf(target)}`]);
  });

  it('answers with the id as its node writes it', async () => {
    for (const providerId of [`aws:////${idOf(target)}`, `aws:///us-west-2/${idOf(target)}`]) {
      const made = await create(requestOf('10.244.0.0/24', { ...target, providerId }));
      expect([made.providerId, (await routes.list(signal))[0]?.providerId]).to.deep.equal([providerId, providerId]);
    }
  });

  it('refuses what can never be', async () => {
    for (const providerId of ['', 'aws:///us-west-2a/x', `aws:///eu-west-1a/${idOf(target)}`, 'gce://p/z/n']) await expectRefused(create(requestOf('10.244.0.0/24', { ...target, providerId })), 'Invalid', 'is no instance of EC2 in us-west-2');
    for (const destination of ['', '10.244.0.0', '0.0.0.0/0', '::/0', '../x']) await expectRefused(create(requestOf(destination)), 'Invalid', 'is no range');
    await expectRefused(create(requestOf('10.244.0.0/24', { ...target, providerId: 'aws:///us-west-2a/i-0123456789abcdef0' })), 'NotFound', 'i-0123456789abcdef0');
    expect([things(lab), checks()]).to.deep.equal([[], [true, true]]);
  });

  it('says how many routes there are when there is no room for more, and leaves none in another table', async () => {
    const second = furtherTable(lab);
    lab.emulator.state.setQuotas({ routesPerTable: 4 });
    await create();
    await lab.context.api.ec2(new CreateRouteCommand({ RouteTableId: table, DestinationCidrBlock: '192.0.2.0/24', InstanceId: idOf(other) }), signal);
    const before = things(lab);
    await expectRefused(create(requestOf('10.244.1.0/24', other)), 'Exhausted', `route table ${table} has 4 routes`);
    expect(things(lab)).to.deep.equal(before);
    await lab.context.api.ec2(new CreateRouteCommand({ RouteTableId: second, DestinationCidrBlock: '198.51.100.0/24', InstanceId: idOf(other) }), signal);
    lab.emulator.state.setQuotas({ routesPerTable: 3 });
    await routes.delete({ ...requestOf(), id: '192.0.2.0/24', providerId: '', node: '', isBlackhole: false }, signal);
    await routes.delete({ ...requestOf(), id: '10.244.0.0/24', providerId: '', node: '', isBlackhole: false }, signal);
    await lab.context.api.ec2(new CreateRouteCommand({ RouteTableId: second, DestinationCidrBlock: '203.0.113.0/24', InstanceId: idOf(other) }), signal);
    const full = things(lab);
    await expectRefused(create(requestOf('10.244.1.0/24', other)), 'Exhausted', 'has 3 routes');
    expect(things(lab)).to.deep.equal(full);
  });

  it('keeps several tables the same', async () => {
    const made = await create();
    const second = furtherTable(lab);
    expect(await routes.list(signal)).to.deep.equal([{ ...made, isBlackhole: true }]);
    await routes.delete(made, signal);
    await create();
    expect([things(lab).map((thing) => thing.split(' ')[0]).toSorted(), await routes.list(signal)]).to.deep.equal([[table, second].toSorted(), [made]]);
    await lab.context.api.ec2(new CreateRouteCommand({ RouteTableId: second, DestinationCidrBlock: '10.244.1.0/24', InstanceId: idOf(other) }), signal);
    const before = things(lab);
    await expectRefused(create(requestOf('10.244.1.0/24')), 'AlreadyExists', second, idOf(other));
    expect(things(lab)).to.deep.equal(before);
  });

  it('knows its tables by the settings or by the tag, and says when there is none', async () => {
    const second = furtherTable(lab, { isMarked: false });
    const by = (config: Readonly<Record<string, unknown>>): AwsRoutes => new AwsRoutes(lab.contextWith({ config }));
    await by({ routeTableIds: [second] }).create(requestOf(), signal);
    expect(things(lab)).to.deep.equal([`${second} 10.244.0.0/24 InstanceId ${idOf(target)}`]);
    expect(await routes.list(signal)).to.deep.equal([]);
    await expectRefused(by({ routeTableIds: [second, 'rtb-00000000000000000'] }).list(signal), 'Invalid', 'rtb-00000000000000000', 'us-west-2');
    await expectRefused(by({ clusterId: 'another' }).list(signal), 'Invalid', 'kubernetes.io/cluster/another', 'aws.routeTableIds');
    furtherTable(lab, { id: 'rtb-0aaaaaaaaaaaaaaaa', vpcId: 'vpc-0123456789abcdef0' });
    await create(requestOf('10.244.1.0/24'));
    expect(things(lab)[0]).to.equal(`${second} 10.244.0.0/24 InstanceId ${idOf(target)}`);
    expect(things(lab)).to.have.length(2);
    await expectRefused(by({ vpcId: 'vpc-00000000000000000' }).list(signal), 'Invalid', 'no route table carries');
  });

  it('finds out that its table went, and looks for the others', async () => {
    await create();
    const second = furtherTable(lab);
    stateOf(lab).routeTables.remove(table);
    lab.emulator.state.advance(60_000);
    await expectRefused(create(requestOf('10.244.1.0/24')), 'Unavailable', table);
    await create(requestOf('10.244.1.0/24'));
    expect(things(lab)).to.deep.equal([`${second} 10.244.1.0/24 InstanceId ${idOf(target)}`]);
  });

  for (const tables of [1, 2]) {
    it(`reaches what is wanted, and nothing else, whatever call fails and however (route tables: ${tables})`, async () => {
      for (const action of actions) {
        for (const kind of ['before', 'after', 'lost'] as const) {
          for (let nth = 1; nth <= 2; nth++) {
            await lab.stop();
            await begin({ seed: nth });
            if (tables === 2) furtherTable(lab);
            const foreign = await create(requestOf('192.0.2.0/24', other)).then(() => things(lab));
            const counted = lab.emulator.state.counts()[`ec2:${action}`]?.calls ?? 0;
            lab.emulator.state.setFaults({ faults: [{ action, nth: counted + nth, kind }] });
            const rest = async (act: () => Promise<unknown>): Promise<void> => {
              for (let tries = 0; ; tries++) {
                const error = await failure(act());
                if (error === undefined) return;
                expect(ProviderError.is(error, 'Unavailable', 'Unknown'), inspect(error)).to.equal(true);
                expect(tries).to.be.lessThan(2);
                // The process dies of it, too.
                if (nth % 2 === 0) routes = new AwsRoutes(lab.contextWith({}));
              }
            };
            const reached = `${kind} ${action} ${nth}`;
            await rest(create);
            expect(things(lab).filter((thing) => !foreign.includes(thing)).map((thing) => thing.split(' ').slice(1).join(' ')), reached).to.deep.equal(Array.from({ length: tables }, () => `10.244.0.0/24 InstanceId ${idOf(target)}`));
            expect(checks()[0], reached).to.equal(false);
            await rest(async () => expect(await routes.list(signal)).to.have.length(2));
            await rest(() => routes.delete({ id: '10.244.0.0/24', destination: '10.244.0.0/24', providerId: target.providerId, node: '', isBlackhole: false }, signal));
            expect(things(lab), reached).to.deep.equal(foreign);
          }
        }
      }
    });
  }
});
