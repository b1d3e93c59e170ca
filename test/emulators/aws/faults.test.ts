import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Faults, readFaultPlan, type FaultPlan } from './faults.ts';
import { codeOf, refusalOf, sdkLab, zone, type SdkLab } from './sdk-lab.ts';

describe('faults of the emulated vendor', () => {
  let lab: SdkLab;
  afterEach(() => lab.stop());

  const create = (ClientToken?: string) => lab.ec2.createVolume({ AvailabilityZone: zone, Size: 1, VolumeType: 'gp3', ClientToken });
  const made = (): number => lab.emulator.state.region('us-west-2').volumes.size;

  it('come before the effect, after it, or lose the answer', async () => {
    lab = await sdkLab({
      faults: { faults: [{ action: 'CreateVolume', nth: 1, kind: 'before' }, { action: 'CreateVolume', nth: 2, kind: 'after', code: 'Unavailable', message: 'later', status: 503 }, { action: 'CreateVolume', nth: 3, kind: 'lost' }] },
    });
    expect(await refusalOf(create('t'))).to.include({ code: 'InternalError', status: 500 });
    expect(made()).to.equal(0);
    expect(await refusalOf(create('t'))).to.include({ code: 'Unavailable', message: 'later', status: 503 });
    expect(made()).to.equal(1);
    expect((await create('other').catch((error: Error & { code?: string }) => error.code ?? error.message))).to.match(/ECONNRESET|socket hang up/);
    expect(made()).to.equal(2);
    await Promise.all([create('t'), create('other')]);
    expect(made()).to.equal(2);
    expect(lab.emulator.state.journal.map(({ action, outcome, fault }) => [action, outcome, fault])).to.deep.equal([
      ['CreateVolume', 'InternalError', 'before'], ['CreateVolume', 'Unavailable', 'after'], ['CreateVolume', 'InternalError', 'lost'], ['CreateVolume', 'ok', undefined], ['CreateVolume', 'ok', undefined],
    ]);
  });

  it('are repaired by the vendor\'s own retries', async () => {
    lab = await sdkLab({ faults: { faults: [{ action: 'CreateVolume', nth: 1, times: 2, kind: 'lost' }] } });
    const { VolumeId } = await lab.ec2With({ maxAttempts: 3 }).createVolume({ AvailabilityZone: zone, Size: 1, VolumeType: 'gp3', ClientToken: 'token' });
    expect([made(), lab.emulator.state.counts()]).to.deep.equal([1, { 'ec2:CreateVolume': { calls: 3, throttled: 0 } }]);
    expect(lab.emulator.state.region('us-west-2').volumes.get(VolumeId!)?.sizeGiB).to.equal(1);
  });

  it('replay by the seed, whatever else is called in between', async () => {
    lab = await sdkLab();
    const sequence = (seed: number, others: number, plan: FaultPlan = { rate: 0.3 }): (string | undefined)[] => {
      const faults = new Faults(seed, plan);
      return Array.from({ length: 60 }, () => {
        for (let i = 0; i < others; i++) faults.next('DescribeVolumes');
        return faults.next('CreateVolume')?.kind;
      });
    };
    expect(sequence(5, 0)).to.deep.equal(sequence(5, 3));
    expect(sequence(5, 0)).not.to.deep.equal(sequence(6, 0));
    expect(new Set(sequence(5, 0))).to.deep.equal(new Set([undefined, 'before', 'after', 'lost']));
    expect(sequence(5, 0).filter(Boolean).length).to.be.within(9, 27);
    expect(new Set(sequence(5, 0, { rate: 1, kinds: ['after'] }))).to.deep.equal(new Set(['after']));
    expect(sequence(5, 0, { rate: 1, actions: ['DeleteVolume'] }).filter(Boolean)).to.deep.equal([]);
  });

  it('make the whole emulator replay by its seed', async () => {
    const run = async (seed: number): Promise<unknown> => {
      lab = await sdkLab({ seed, faults: { rate: 0.4, kinds: ['before', 'after'] }, delays: {} });
      const outcomes: string[] = [];
      for (let i = 0; i < 20; i++) {
        outcomes.push(await create().then(({ VolumeId }) => VolumeId!, (error: Error) => error.name));
        lab.emulator.state.advance(700);
      }
      const { Volumes } = await lab.ec2.describeVolumes({}).catch(() => ({ Volumes: [] }));
      if (seed !== 2) await lab.stop();
      return [outcomes, Volumes!.map(({ VolumeId, State }) => [VolumeId, State])];
    };
    const [first, again, other] = [await run(1), await run(1), await run(2)];
    expect(again).to.deep.equal(first);
    expect(other).not.to.deep.equal(first);
  });

  it('are read from a file that makes sense', async () => {
    lab = await sdkLab();
    const folder = await mkdtemp(join(tmpdir(), 'keelson-faults-'));
    const read = async (text: string): Promise<unknown> => {
      await writeFile(join(folder, 'plan.json'), text);
      return readFaultPlan(join(folder, 'plan.json')).catch((error: Error) => error.message.replace(folder, ''));
    };
    try {
      expect(await read('{"rate": 0.1, "faults": [{"action": "CreateVolume", "nth": 1, "kind": "lost"}]}')).to.deep.equal({ rate: 0.1, faults: [{ action: 'CreateVolume', nth: 1, kind: 'lost' }] });
      expect(await read('{"rate": 2}')).to.equal('/plan.json is no plan of faults: rate is from 0 to 1, not 2');
      expect(await read('{"kinds": ["sometimes"]}')).to.include('not "sometimes"');
      expect(await read('{"faults": [{"kind": "lost"}]}')).to.include('a fault needs an action');
      expect(await read('{"fault": []}')).to.include('"fault" is no part of it');
      expect(await read('[]')).to.include('it must be an object');
      expect(await read('{')).to.include('is no plan of faults');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('the rate limits of the emulated vendor', () => {
  let lab: SdkLab;
  afterEach(() => lab.stop());

  it('are buckets of each action, filled again in time', async () => {
    lab = await sdkLab({ throttling: true });
    const run = (count: number): Promise<string> => lab.ec2.runInstances({ ImageId: 'ami-12345678', InstanceType: 'm5.large', MinCount: count, MaxCount: count }).then(() => 'run', (error: Error) => error.name);
    for (let i = 0; i < 5; i++) expect(await run(1)).to.equal('run');
    expect(await run(1)).to.equal('RequestLimitExceeded');
    expect((await lab.ec2.describeInstances({})).Reservations).to.have.length(5);
    lab.emulator.state.advance(1_000);
    expect([await run(1), await run(1), await run(1)]).to.deep.equal(['run', 'run', 'RequestLimitExceeded']);
    lab.emulator.state.advance(10_000);
    lab.emulator.state.setQuotas({ vcpus: 100_000 });
    // 1,000 instances at once, less what is used and not yet refilled.
    expect(await run(994)).to.equal('run');
    expect(await run(994)).to.equal('RequestLimitExceeded');
  });

  it('are narrower for describes of everything, and apart for regions', async () => {
    lab = await sdkLab({ throttling: true });
    const describe = async (times: number, input: object, client = lab.ec2): Promise<string[]> => {
      const outcomes = new Set<string>();
      for (let i = 0; i < times; i++) outcomes.add(await client.describeVolumes(input).then(() => 'shown', (error: Error) => error.name));
      return [...outcomes];
    };
    expect(await describe(50, {})).to.deep.equal(['shown']);
    expect(await describe(1, {})).to.deep.equal(['RequestLimitExceeded']);
    expect(await describe(100, { MaxResults: 100 })).to.deep.equal(['shown']);
    expect(await describe(1, { MaxResults: 100 })).to.deep.equal(['RequestLimitExceeded']);
    expect(await describe(1, {}, lab.ec2With({ region: 'eu-west-1' }))).to.deep.equal(['shown']);
    expect(await refusalOf(lab.ec2.describeVolumes({}))).to.include({ status: 503, message: 'Request limit exceeded.' });
  });

  it('are shared by kinds of calls at the balancers', async () => {
    lab = await sdkLab({ throttling: true });
    for (let i = 0; i < 20; i++) await Promise.all([lab.elb.describeLoadBalancers({}), lab.elb.describeTargetGroups({})]);
    expect(await codeOf(lab.elb.describeTargetGroups({}))).to.equal('Throttling');
    lab.emulator.state.advance(100);
    expect((await lab.elb.describeTargetGroups({})).TargetGroups).to.deep.equal([]);
    expect(lab.emulator.state.counts()['elasticloadbalancing:DescribeTargetGroups']).to.deep.equal({ calls: 22, throttled: 1 });
  });
});
