import { EC2, type EC2ClientConfig } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import { startAwsEmulator, type AwsEmulator, type AwsEmulatorOptions } from './emulator.ts';

/** An emulator and the vendor's clients for it. */
export interface SdkLab {
  readonly emulator: AwsEmulator;
  readonly ec2: EC2;
  readonly elb: ElasticLoadBalancingV2;
  /** Clients of other regions or credentials. */
  ec2With(config: EC2ClientConfig): EC2;
  stop(): Promise<void>;
}

export const region = 'us-west-2';
export const zone = 'us-west-2a';

/** Time stands still until it is advanced, nothing is retried or throttled, and what the options do not say is as usual. */
export async function sdkLab(options: AwsEmulatorOptions = {}): Promise<SdkLab> {
  const emulator = await startAwsEmulator({ time: { scale: 0 }, delays: { consistency: [0, 0] }, throttling: false, ...options });
  const config = { endpoint: emulator.url, region, credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' }, maxAttempts: 1 };
  const clients: { destroy(): void }[] = [];
  const kept = <T extends { destroy(): void }>(client: T): T => {
    clients.push(client);
    return client;
  };
  return {
    emulator,
    ec2: kept(new EC2(config)),
    elb: kept(new ElasticLoadBalancingV2(config)),
    ec2With: (changes) => kept(new EC2({ ...config, ...changes })),
    async stop() {
      for (const client of clients) client.destroy();
      await emulator.stop();
    },
  };
}

export interface Refusal {
  /** As the client names it: `LoadBalancerNotFoundException` for `LoadBalancerNotFound`, where its model knows the code. */
  readonly code: string;
  readonly message: string;
  readonly status: number | undefined;
}

/** How the vendor's client reports a refusal. @throws {Error} when there was none */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  const error = await call.then(() => undefined, (reason: unknown) => reason as { name: string; message: string; $metadata?: { httpStatusCode?: number } });
  if (error === undefined) throw new Error('the call was not refused');
  return { code: error.name, message: error.message, status: error.$metadata?.httpStatusCode };
}

export const codeOf = async (call: Promise<unknown>): Promise<string> => (await refusalOf(call)).code;

/** A subnet of the lab's first zone. */
export async function subnetOf({ ec2 }: SdkLab): Promise<{ readonly id: string; readonly vpcId: string }> {
  const { Subnets } = await ec2.describeSubnets({ Filters: [{ Name: 'availability-zone', Values: [zone] }] });
  return { id: Subnets?.[0]?.SubnetId ?? '', vpcId: Subnets?.[0]?.VpcId ?? '' };
}

/** The id of a running instance. */
export async function runningInstance(lab: SdkLab, type: 'm5.large' | 't2.micro' = 'm5.large', subnetId?: string): Promise<string> {
  const { Instances } = await lab.ec2.runInstances({ ImageId: 'ami-12345678', InstanceType: type, MinCount: 1, MaxCount: 1, SubnetId: subnetId ?? (await subnetOf(lab)).id });
  lab.emulator.state.advance(60_000);
  return Instances?.[0]?.InstanceId ?? '';
}

/** The id of an available volume. */
export async function availableVolume(lab: SdkLab, sizeGiB = 10): Promise<string> {
  const { VolumeId } = await lab.ec2.createVolume({ AvailabilityZone: zone, Size: sizeGiB, VolumeType: 'gp3' });
  lab.emulator.state.advance(10_000);
  return VolumeId ?? '';
}
