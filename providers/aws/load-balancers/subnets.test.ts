import type { Subnet } from '@aws-sdk/client-ec2';
import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { annotationPrefix } from './annotations.ts';
import { optionsOf } from './options.ts';
import { placesOf, type SubnetChoice } from './subnets.ts';

const role = { 'kubernetes.io/role/elb': '1' };
const own = { 'kubernetes.io/cluster/lab': 'shared' };
const other = { 'kubernetes.io/cluster/other': 'owned' };

const subnet = (number: number, zone: string, tags: Readonly<Record<string, string>> = role, more: Partial<Subnet> = {}): Subnet =>
  ({ SubnetId: `subnet-0${number}`, AvailabilityZone: zone, CidrBlock: `10.0.${number}.0/24`, AvailableIpAddressCount: 200, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })), ...more });

function chosen(subnets: readonly Subnet[], annotations: Readonly<Record<string, string>> = {}, choice: Partial<SubnetChoice> = {}): readonly string[] {
  const options = optionsOf({ annotations: Object.fromEntries(Object.entries(annotations).map(([key, value]) => [annotationPrefix + key, value])), families: ['IPv4'] });
  return placesOf(subnets, { options, configured: [], clusterId: 'lab', current: [], ...choice }).map(({ subnetId }) => subnetId.slice(-1));
}

const refusal = (act: () => unknown): ProviderError => {
  try {
    act();
  } catch (error) {
    if (ProviderError.is(error)) return error;
  }
  throw new Error('nothing was refused');
};

describe('the subnets of a load balancer', () => {
  it('are found by the tag of their role, one for each zone: the cluster\'s own first, then by their ids', () => {
    expect(chosen([subnet(3, 'a'), subnet(1, 'a'), subnet(2, 'b'), subnet(4, 'c', {}), subnet(5, 'd', { 'kubernetes.io/role/internal-elb': '1' })])).to.deep.equal(['1', '2']);
    expect(chosen([subnet(1, 'a'), subnet(2, 'a', { ...role, ...own })])).to.deep.equal(['2']);
    expect(chosen([subnet(1, 'a'), subnet(2, 'a', { 'kubernetes.io/role/internal-elb': '' })], { internal: 'true' })).to.deep.equal(['2']);
  });

  it('are those of the cluster when no role is given, and never those of other clusters alone', () => {
    expect(chosen([subnet(1, 'a', {}), subnet(2, 'a', own), subnet(3, 'b', other)])).to.deep.equal(['2']);
    expect(chosen([subnet(1, 'a', { ...role, ...other }), subnet(2, 'a', { ...role, ...other, ...own }), subnet(3, 'b', role)])).to.deep.equal(['2', '3']);
    const none = refusal(() => chosen([subnet(1, 'a', {}), subnet(2, 'b', { ...role, ...other })]));
    expect([none.reason, none.message.includes('kubernetes.io/role/elb')]).to.deep.equal(['Exhausted', true]);
  });

  it('have room, unless it is there already, and stay what they are', () => {
    const full = { AvailableIpAddressCount: 7 };
    expect(chosen([subnet(1, 'a', role, full), subnet(2, 'a')])).to.deep.equal(['2']);
    expect(chosen([subnet(1, 'a', role, full), subnet(2, 'a')], {}, { current: ['subnet-01'] })).to.deep.equal(['1']);
    expect(chosen([subnet(1, 'a'), subnet(2, 'a'), subnet(3, 'b')], {}, { current: ['subnet-02'] })).to.deep.equal(['2', '3']);
  });

  it('are those that the operator names, and before that those that the service names, by id or name', () => {
    const all = [subnet(1, 'a'), subnet(2, 'b', { Name: 'blue' }), subnet(3, 'b', {})];
    expect(chosen(all, {}, { configured: ['subnet-03', 'subnet-02'] })).to.deep.equal(['3']);
    expect(chosen(all, { subnets: 'blue, subnet-01' }, { configured: ['subnet-03'] })).to.deep.equal(['2', '1']);
    expect(refusal(() => chosen(all, {}, { configured: ['subnet-09'] })).message).to.contain('aws.subnetIds: subnet-09');
    expect(refusal(() => chosen(all, { subnets: 'green' })).message).to.contain('has green, which is no subnet');
    expect(refusal(() => chosen(all, { subnets: 'subnet-03,blue' })).message).to.contain('several subnets of the zone b');
  });

  it('get the addresses that lie in them', () => {
    const all = [subnet(1, 'a', role, { Ipv6CidrBlockAssociationSet: [{ Ipv6CidrBlock: '2001:db8:1::/64' }] }), subnet(2, 'b', role, { Ipv6CidrBlockAssociationSet: [{ Ipv6CidrBlock: '2001:db8:2::/64' }] })];
    const options = optionsOf({ annotations: { [`${annotationPrefix}ip-address-type`]: 'dualstack', [`${annotationPrefix}ipv6-addresses`]: '2001:db8:2::9,2001:db8:1::9' }, families: ['IPv4', 'IPv6'] });
    expect(placesOf(all, { options, configured: [], clusterId: 'lab', current: [] })).to.deep.equal([{ subnetId: 'subnet-01', ipv6Address: '2001:db8:1::9' }, { subnetId: 'subnet-02', ipv6Address: '2001:db8:2::9' }]);
  });
});
