import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunInstancesCommand } from '@aws-sdk/client-ec2';
import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { awsLab, type AwsLab } from '#test/fixtures/aws-lab.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import type { AwsApi } from './api.ts';
import { AwsPlace, type AwsPlaceOptions } from './place.ts';

const signal = new AbortController().signal;
const nothing: AwsPlaceOptions['settings'] = { region: undefined, zone: undefined, vpcId: undefined, subnetIds: [], profile: undefined };
const off = { AWS_EC2_METADATA_DISABLED: 'true' };
const noApi: Pick<AwsApi, 'ec2'> = { ec2: () => expect.fail('nothing is to be asked') };

function placeOf({ settings = {}, ...options }: Omit<Partial<AwsPlaceOptions>, 'settings'> & { readonly settings?: Partial<AwsPlaceOptions['settings']> } = {}): AwsPlace {
  return new AwsPlace({ environment: off, sharedRegion: () => Promise.resolve(undefined), timeoutMs: 200, ...options, settings: { ...nothing, ...settings } });
}
const failure = (call: Promise<unknown>): Promise<unknown> => call.then((value) => expect.fail(`there is ${String(value)}`), (error: unknown) => error);

async function expectInvalid(call: Promise<unknown>, ...words: readonly string[]): Promise<void> {
  const error = await failure(call);
  expect(ProviderError.is(error, 'Invalid'), String(error)).to.equal(true);
  for (const word of words) expect(String(error)).to.contain(word);
}

const identity = { instanceId: 'i-0123456789abcdef0', instanceType: 'm5.large', availabilityZone: 'eu-west-1b', region: 'eu-west-1' };
const machine = { instanceId: 'i-0123456789abcdef0', instanceType: 'm5.large', zone: 'eu-west-1b', region: 'eu-west-1' };

describe('AwsPlace', () => {
  describe('region', () => {
    it('is that of the settings, of the zone there, of the environment, or of the shared configuration, in this order', async () => {
      const both = { AWS_REGION: 'eu-north-1', AWS_DEFAULT_REGION: 'eu-south-2', ...off };
      const sharedRegion = (): Promise<string> => Promise.resolve('ap-east-1');
      expect(await placeOf({ settings: { region: 'us-gov-west-1', zone: 'us-gov-west-1a' }, environment: both, sharedRegion }).region(signal)).to.equal('us-gov-west-1');
      expect(await placeOf({ settings: { zone: 'us-west-2-lax-1a' }, environment: both, sharedRegion }).region(signal)).to.equal('us-west-2');
      expect(await placeOf({ environment: both, sharedRegion }).region(signal)).to.equal('eu-north-1');
      expect(await placeOf({ environment: { ...off, AWS_DEFAULT_REGION: 'eu-south-2' }, sharedRegion }).region(signal)).to.equal('eu-south-2');
      expect(await placeOf({ sharedRegion }).region(signal)).to.equal('ap-east-1');
    });

    it('is refused when nobody says it, or when it is none', async () => {
      await expectInvalid(placeOf().region(signal), 'aws.region', 'AWS_EC2_METADATA_DISABLED');
      await expectInvalid(placeOf({ settings: { region: 'x.example.com/' } }).region(signal), 'aws.region is "x.example.com/"');
      await expectInvalid(placeOf({ environment: { AWS_REGION: 'here' } }).region(signal), 'AWS_REGION is "here"');
      await expectInvalid(placeOf({ settings: { zone: 'us-west-2' } }).region(signal), 'aws.zone is "us-west-2"');
      await expectInvalid(placeOf({ settings: { region: 'us-west-2', zone: 'eu-west-1a' } }).zone(signal), 'eu-west-1a is not in aws.region us-west-2');
    });

    it('is found in the shared configuration by the profile of the settings', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'keelson-place-'));
      const saved = { ...process.env };
      try {
        await writeFile(join(folder, 'config'), '[default]\nregion = eu-west-3\n[profile other]\nregion = sa-east-1\n[profile empty]\noutput = json\n');
        for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE']) delete process.env[name];
        Object.assign(process.env, { AWS_CONFIG_FILE: join(folder, 'config'), AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none') });
        const of = (profile: string | undefined): Promise<string> => new AwsPlace({ settings: { ...nothing, profile }, environment: off }).region(signal);
        expect([await of(undefined), await of('other')]).to.deep.equal(['eu-west-3', 'sa-east-1']);
        await expectInvalid(of('empty'), 'nobody says which region');
      } finally {
        for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) {
          const value = saved[name];
          if (value === undefined) delete process.env[name];
          else process.env[name] = value;
        }
        await rm(folder, { recursive: true });
      }
    });
  });

  describe('on a machine that tells what it is', () => {
    let server: Server;
    let environment: Record<string, string>;
    let asked: string[];
    let answer: (request: IncomingMessage) => { readonly status?: number; readonly body: string } | undefined;
    beforeEach(async () => {
      asked = [];
      answer = ({ method }) => ({ body: method === 'PUT' ? 'a token' : JSON.stringify(identity) });
      server = createServer((request, response) => {
        asked.push(`${request.method} ${request.url} ${String(request.headers['x-aws-ec2-metadata-token'] ?? request.headers['x-aws-ec2-metadata-token-ttl-seconds'])}`);
        const { status = 200, body } = answer(request) ?? {};
        if (body !== undefined) response.writeHead(status).end(body);
      });
      await new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', resolve);
      });
      environment = { AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });

    it('takes region and zone from it, and asks it once, with a token', async () => {
      const place = placeOf({ environment });
      expect(await Promise.all([place.region(signal), place.zone(signal), place.self(signal)])).to.deep.equal(['eu-west-1', 'eu-west-1b', machine]);
      expect(await place.zone(signal)).to.equal('eu-west-1b');
      expect(asked).to.deep.equal(['PUT /latest/api/token 60', 'GET /latest/dynamic/instance-identity/document a token']);
    });

    it('asks nothing when the settings say it, or when that is forbidden', async () => {
      const place = placeOf({ settings: { zone: 'us-east-1c', vpcId: 'vpc-1' }, environment });
      expect([await place.region(signal), await place.zone(signal), await place.vpcId(noApi, signal)]).to.deep.equal(['us-east-1', 'us-east-1c', 'vpc-1']);
      const forbidden = placeOf({ settings: { region: 'us-east-1' }, environment: { ...environment, AWS_EC2_METADATA_DISABLED: 'TRUE' } });
      expect([await forbidden.zone(signal), await forbidden.self(signal)]).to.deep.equal([undefined, undefined]);
      expect(asked).to.deep.equal([]);
    });

    it('does not take the zone of a machine in another region', async () => {
      const place = placeOf({ settings: { region: 'us-east-1' }, environment });
      expect([await place.zone(signal), (await place.self(signal))?.zone]).to.deep.equal([undefined, 'eu-west-1b']);
      const empty: Pick<AwsApi, 'ec2'> = { ec2: () => Promise.resolve({} as never) };
      await expectInvalid(place.vpcId(empty, signal), 'aws.vpcId', 'eu-west-1');
    });

    it('takes for none what answers with something else, and asks again a minute later', async () => {
      const clock = new FakeClock();
      for (const body of ['no JSON', 'null', '[]', JSON.stringify({ ...identity, instanceId: '../x' }), JSON.stringify({ ...identity, region: 7 }), JSON.stringify({ ...identity, region: '' })]) {
        answer = ({ method }) => ({ body: method === 'PUT' ? 'a token' : body });
        expect(await placeOf({ environment }).self(signal), body).to.equal(undefined);
      }
      answer = () => ({ status: 403, body: 'Forbidden' });
      const place = placeOf({ environment, clock });
      asked = [];
      await expectInvalid(place.region(signal), 'it answers 403');
      expect(await place.self(signal)).to.equal(undefined);
      expect(asked).to.have.length(1);
      answer = ({ method }) => ({ body: method === 'PUT' ? 'a token' : JSON.stringify(identity) });
      await clock.advance(60_000);
      expect([await place.region(signal), await place.self(signal)]).to.deep.equal(['eu-west-1', machine]);
    });

    it('waits for it no longer than its time, and ends with the reason of who gives up', async () => {
      answer = () => undefined;
      await expectInvalid(placeOf({ environment }).region(signal), 'timeout');
      const life = new AbortController();
      const reason = new Error('enough');
      const place = placeOf({ environment });
      const [quitter, stayer] = [place.self(life.signal), place.self(signal)];
      life.abort(reason);
      expect(await failure(quitter)).to.equal(reason);
      expect(await failure(place.region(life.signal))).to.equal(reason);
      expect(await stayer).to.equal(undefined);
    });
  });

  describe('on the emulator', () => {
    const region = 'us-west-2';
    let lab: AwsLab;
    beforeEach(async () => {
      lab = await awsLab({ delays: 'none' });
    });
    afterEach(() => lab.stop());
    const subnet = (): { readonly id: string; readonly vpcId: string } => lab.emulator.state.region(region).subnets.find(({ zone }) => zone === 'us-west-2b')!;
    const calls = (): readonly string[] => lab.emulator.state.journal.map(({ action }) => action);

    it('finds region, zone and VPC of the instance on which it runs', async () => {
      const { Instances: [instance] = [] } = await lab.context.api.ec2(new RunInstancesCommand({ ImageId: 'ami-12345678', InstanceType: 't3.micro', MinCount: 1, MaxCount: 1, SubnetId: subnet().id }), signal);
      const instanceId = instance?.InstanceId ?? '';
      lab.emulator.state.setMachine({ region, instanceId });
      const place = placeOf({ environment: { AWS_EC2_METADATA_SERVICE_ENDPOINT: lab.emulator.url } });
      expect(await place.self(signal)).to.deep.equal({ instanceId, instanceType: 't3.micro', zone: 'us-west-2b', region });
      expect([await place.region(signal), await place.zone(signal)]).to.deep.equal([region, 'us-west-2b']);
      const { vpcId } = subnet();
      expect(await Promise.all([place.vpcId(lab.context.api, signal), place.vpcId(lab.context.api, signal)])).to.deep.equal([vpcId, vpcId]);
      expect(calls()).to.deep.equal(['RunInstances', 'DescribeInstances']);
    });

    it('finds the VPC of the first subnet of the settings, and says when there is none', async () => {
      const { id, vpcId } = subnet();
      expect(await placeOf({ settings: { region, subnetIds: [id, 'subnet-0'] } }).vpcId(lab.context.api, signal)).to.equal(vpcId);
      await expectInvalid(placeOf({ settings: { region, subnetIds: ['subnet-0123456789abcdef0'] } }).vpcId(lab.context.api, signal), 'subnet-0123456789abcdef0', 'no subnet in us-west-2');
    });

    it('takes the default VPC of the region where nobody says another, and says when there is none', async () => {
      expect(await placeOf({ settings: { region } }).vpcId(lab.context.api, signal)).to.equal(subnet().vpcId);
      const { vpcs } = lab.emulator.state.region(region);
      for (const { id } of vpcs.rows()) vpcs.update(id, { isDefault: false });
      await expectInvalid(placeOf({ settings: { region } }).vpcId(lab.context.api, signal), 'aws.vpcId', 'AWS_EC2_METADATA_DISABLED');
    });

    it('asks again for a VPC after a failure', async () => {
      const place = placeOf({ settings: { region, subnetIds: [subnet().id] } });
      lab.emulator.state.setFaults({ faults: [{ action: 'DescribeSubnets', nth: 1, kind: 'before' }] });
      expect(ProviderError.is(await failure(place.vpcId(lab.context.api, signal)), 'Unavailable')).to.equal(true);
      expect(await place.vpcId(lab.context.api, signal)).to.equal(subnet().vpcId);
    });
  });
});
