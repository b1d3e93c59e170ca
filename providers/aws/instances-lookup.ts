import { DescribeInstancesCommand, type DescribeInstancesCommandInput, type Instance } from '@aws-sdk/client-ec2';
import type { AwsApi } from './api.ts';
import { awsCode } from './errors.ts';

/** How many ids a call names. */
export const mostIds = 500;
/** How many values the vendor takes for a filter. */
const mostValues = 200;
const pageSize = 1000;

/**
 * The instances of these ids that the account has in its region, by their ids. Those that it has not, or not yet, are left out.
 * They are named in the call: a zone that is out of order fails only calls that name its instances, and all that name none. When that is refused
 * because of one of them, a filter is used, which passes over ids that are not there.
 */
export async function instancesById(api: AwsApi, ids: Iterable<string>, signal: AbortSignal): Promise<ReadonlyMap<string, Instance>> {
  const found = await Promise.all(chunks([...new Set(ids)], mostIds).map((some) => named(api, some, signal)));
  return new Map(found.flat().map((instance) => [instance.InstanceId ?? '', instance]));
}

async function named(api: AwsApi, ids: readonly string[], signal: AbortSignal): Promise<readonly Instance[]> {
  try {
    return await pages(api, { InstanceIds: [...ids] }, signal);
  } catch (error) {
    if (!/^InvalidInstanceI[Dd]\b/.test(awsCode(error) ?? '')) throw error;
    return instancesWith(api, 'instance-id', ids, [], signal);
  }
}

/** Those for which a filter's value is one of these, and that have these tags. */
export async function instancesWith(api: AwsApi, filter: string, values: readonly string[], tagKeys: readonly string[], signal: AbortSignal): Promise<readonly Instance[]> {
  const marks = tagKeys.map((key) => ({ Name: 'tag-key', Values: [key] }));
  const found = await Promise.all(chunks(values, mostValues).map((some) => pages(api, { Filters: [{ Name: filter, Values: [...some] }, ...marks], MaxResults: pageSize }, signal)));
  return found.flat();
}

async function pages(api: AwsApi, input: DescribeInstancesCommandInput, signal: AbortSignal): Promise<readonly Instance[]> {
  const found: Instance[] = [];
  for (let token: string | undefined; ; ) {
    const { Reservations = [], NextToken } = await api.ec2(new DescribeInstancesCommand({ ...input, ...(token === undefined ? {} : { NextToken: token }) }), signal);
    found.push(...Reservations.flatMap(({ Instances = [] }) => Instances));
    if (NextToken === undefined || NextToken === '') return found;
    token = NextToken;
  }
}

const chunks = <T>(items: readonly T[], size: number): readonly (readonly T[])[] => Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
