import { expect } from 'chai';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Service } from '#core/api/schema/core-v1/service.ts';
import { desiredSubsets, mostAddresses } from './subsets.ts';

const pods = (count: number, ready: boolean, from: number): Pod[] => Array.from({ length: count }, (_, index) => {
  const ip = `10.1.${Math.floor((from + index) / 250)}.${((from + index) % 250) + 1}`;
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'default', name: ip, uid: ip, resourceVersion: '1' }, spec: { containers: [{ name: 'main' }] },
    status: { podIP: ip, podIPs: [{ ip }], conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  } as unknown as Pod;
});

describe('subsets of endpoints', () => {
  const service = { metadata: { name: 'web' }, spec: { clusterIP: '10.96.0.9', ports: [{ port: 80, protocol: 'TCP' }] } } as unknown as Service;

  it('have room for 1,000 addresses, and for ready ones first', () => {
    const { subsets: [all], isTruncated } = desiredSubsets(service, [...pods(100, false, 0), ...pods(mostAddresses - 40, true, 100)]);
    expect([isTruncated, all?.addresses?.length, all?.notReadyAddresses?.length]).to.deep.equal([true, mostAddresses - 40, 40]);
    expect(desiredSubsets(service, pods(mostAddresses, true, 0)).isTruncated).to.equal(false);
  });
});
