import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { program, requires, type Requirement } from '#test/fixtures/requires.ts';
import { startAwsEmulator, type AwsEmulator } from './emulator.ts';

/** Nothing is installed for it: Debian's package brings half of Python along. */
const awsCli: Requirement = { ...program('aws', ''), install: undefined };

describe('the vendor\'s command-line tool', function () {
  this.timeout(120_000);
  before(requires(awsCli));
  let emulator: AwsEmulator;
  before(async () => {
    emulator = await startAwsEmulator({ time: { scale: 0 }, delays: 'none' });
  });
  after(() => emulator?.stop());

  const aws = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await execa('aws', [...args, '--output', 'json'], {
      reject: false, stdin: 'ignore', timeout: 60_000,
      env: { AWS_ENDPOINT_URL: emulator.url, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-west-2', AWS_DEFAULT_REGION: 'us-west-2', AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null', AWS_PAGER: '' },
    });
    return { exitCode, stderr: stderr.trim(), result: (stdout === '' ? {} : JSON.parse(stdout)) as Record<string, unknown> };
  };

  it('makes, finds and refuses as against the vendor', async () => {
    const made = await aws('ec2', 'create-volume', '--availability-zone', 'us-west-2a', '--size', '10', '--volume-type', 'gp3', '--client-token', 'one', '--tag-specifications', 'ResourceType=volume,Tags=[{Key=CSIVolumeName,Value=pvc-1}]');
    expect(made.result, made.stderr).to.deep.include({ Size: 10, Iops: 3000, Throughput: 125, VolumeType: 'gp3', State: 'creating' });
    const shown = await aws('ec2', 'describe-volumes', '--filters', 'Name=tag:CSIVolumeName,Values=pvc-1');
    expect((shown.result['Volumes'] as { VolumeId: string; State: string }[]).map(({ VolumeId, State }) => [VolumeId, State])).to.deep.equal([[made.result['VolumeId'], 'available']]);
    const refused = await aws('ec2', 'delete-volume', '--volume-id', 'vol-0123456789abcdef0');
    expect(refused.stderr).to.match(/An error occurred \(InvalidVolume\.NotFound\) when calling the DeleteVolume operation: The volume 'vol-0123456789abcdef0' does not exist\.$/);
    const unknown = await aws('elbv2', 'describe-load-balancers', '--names', 'nothing');
    expect(unknown.stderr).to.match(/An error occurred \(LoadBalancerNotFound\) when calling the DescribeLoadBalancers operation: Load balancers '\[nothing\]' not found$/);
  });
});

describe('the emulator of AWS as a program', function () {
  this.timeout(60_000);
  const main = join(import.meta.dirname, 'main.ts');

  it('serves at a port with a seed and planned faults until it is told to stop', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keelson-emulator-'));
    try {
      await writeFile(join(folder, 'faults.json'), '{"faults": [{"action": "DescribeRegions", "nth": 1, "kind": "before"}]}');
      const child = execa(process.execPath, [main, '--port', '0', '--seed', '5', '--faults', join(folder, 'faults.json'), '--time-scale', '60'], { stdin: 'ignore', reject: false });
      const line = await new Promise<string>((resolve, reject) => {
        child.stdout.once('data', (data: Buffer) => resolve(data.toString()));
        child.catch(reject);
      });
      const [url] = /http:\S+/.exec(line) ?? [];
      expect(line).to.equal(`EC2 and Elastic Load Balancing are at ${url}\n`);
      expect(await (await fetch(`${url}/_emulator/state`)).json()).to.deep.equal({});
      child.kill('SIGTERM');
      expect((await child).exitCode).to.equal(0);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('says what it does not understand', async () => {
    const run = async (...args: string[]) => {
      const { exitCode, stderr } = await execa(process.execPath, [main, ...args], { stdin: 'ignore', reject: false });
      return [exitCode, stderr.split('\n')[0]];
    };
    expect(await run('--port', 'http')).to.deep.equal([2, '--port is a number from 0 to 65535, not "http"']);
    expect((await run('--speed', '1'))[0]).to.equal(2);
    expect((await run('--faults', '/nowhere/plan.json'))[1]).to.include('/nowhere/plan.json is no plan of faults: ENOENT');
  });
});
