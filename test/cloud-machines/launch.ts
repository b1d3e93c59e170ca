import { DescribeSubnetsCommand, EC2Client, RunInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { nodeTag } from './aws-cloud.ts';
import { nodeLabel } from './gcp-cloud.ts';
import type { Options } from './options.ts';

/** Instances that were launched for somebody who has no tools of the vendors'. */
export interface Launched {
  readonly names: readonly string[];
  terminate(): Promise<void>;
}

/** With the vendor's client, as anybody would. */
export async function launchAws(endpoint: string, { launch, zone }: Options): Promise<Launched> {
  const client = new EC2Client({ endpoint, region: zone.replace(/[a-z]$/, ''), credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });
  const { Subnets: [subnet] = [] } = await client.send(new DescribeSubnetsCommand({ Filters: [{ Name: 'availability-zone', Values: [zone] }] }));
  if (subnet?.SubnetId === undefined) throw new Error(`there is no subnet in ${zone}`);
  const names = Array.from({ length: launch }, (_, index) => `aws-${index + 1}`);
  const ids: string[] = [];
  for (const name of names) {
    const { Instances = [] } = await client.send(new RunInstancesCommand({
      ImageId: 'ami-12345678', InstanceType: 'm5.large', MinCount: 1, MaxCount: 1, SubnetId: subnet.SubnetId, TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: nodeTag, Value: name }, { Key: 'Name', Value: name }] }],
    }));
    ids.push(...Instances.flatMap(({ InstanceId }) => InstanceId ?? []));
  }
  return {
    names,
    terminate: async () => {
      await client.send(new TerminateInstancesCommand({ InstanceIds: ids }));
      client.destroy();
    },
  };
}

export async function launchGcp(endpoint: string, { launch, gcpZone, project }: Options): Promise<Launched> {
  const names = Array.from({ length: launch }, (_, index) => `gcp-${index + 1}`);
  const instances = `${endpoint}/compute/v1/projects/${project}/zones/${gcpZone}/instances`;
  const send = async (method: string, url: string, body?: object): Promise<void> => {
    const answer = await fetch(url, { method, headers: { authorization: 'Bearer test', 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${(await answer.text()).slice(0, 500)}`);
  };
  for (const name of names) {
    await send('POST', instances, {
      name, machineType: `zones/${gcpZone}/machineTypes/e2-standard-2`, labels: { [nodeLabel]: 'true' }, networkInterfaces: [{ network: 'global/networks/default' }],
      disks: [{ boot: true, autoDelete: true, initializeParams: { sourceImage: 'projects/debian-cloud/global/images/family/debian-12' } }],
    });
  }
  return { names, terminate: async () => void await Promise.all(names.map((name) => send('DELETE', `${instances}/${name}`))) };
}
