import { EC2 } from '@aws-sdk/client-ec2';
import { expect } from 'chai';
import { region, runningInstance, sdkLab, type SdkLab } from './sdk-lab.ts';

describe('the emulated metadata service', () => {
  let lab: SdkLab;
  const saved: Record<string, string | undefined> = {};
  const put = (name: string, value: string | undefined): void => {
    saved[name] ??= process.env[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  beforeEach(async () => {
    lab = await sdkLab({ accessKeys: { AKIATEST: { secret: 'secret' } } });
  });
  afterEach(async () => {
    for (const [name, value] of Object.entries(saved)) put(name, value);
    await lab.stop();
  });

  const get = async (path: string, token: string | undefined) => {
    const response = await fetch(`${lab.emulator.url}/latest/${path}`, { headers: token === undefined ? {} : { 'x-aws-ec2-metadata-token': token } });
    return `${response.status} ${await response.text()}`;
  };

  it('tells where a machine is, to those with a token', async () => {
    const instanceId = await runningInstance(lab);
    lab.emulator.state.setMachine({ region, instanceId });
    const answer = await fetch(`${lab.emulator.url}/latest/api/token`, { method: 'PUT', headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' } });
    const token = await answer.text();
    expect(await get('meta-data/instance-id', token)).to.equal(`200 ${instanceId}`);
    expect(await get('meta-data/placement/availability-zone', token)).to.equal('200 us-west-2a');
    expect(JSON.parse((await get('dynamic/instance-identity/document', token)).slice(4))).to.include({ region, instanceId, instanceType: 'm5.large' });
    expect([await get('meta-data/placement/region', undefined), await get('meta-data/toString', token)]).to.deep.equal(['401 Unauthorized', '404 Not Found']);
    expect((await fetch(`${lab.emulator.url}/latest/api/token`, { method: 'PUT' })).status).to.equal(400);
  });

  it('gives the SDK credentials that are let in', async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE']) put(name, undefined);
    put('AWS_CONFIG_FILE', '/dev/null');
    put('AWS_SHARED_CREDENTIALS_FILE', '/dev/null');
    put('AWS_EC2_METADATA_SERVICE_ENDPOINT', lab.emulator.url);
    const client = new EC2({ endpoint: lab.emulator.url, region, maxAttempts: 1 });
    try {
      expect((await client.describeVpcs({})).Vpcs).to.have.length(1);
    } finally {
      client.destroy();
    }
  });
});
