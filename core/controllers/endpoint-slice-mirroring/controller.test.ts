import { expect } from 'chai';
import { Endpoints } from '#core/api/schema/core-v1/endpoints.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { EndpointSliceMirroringController } from './controller.ts';

describe('endpoint-slice-mirroring', () => {
  let world: Awaited<ReturnType<typeof harnessAround>>;
  beforeEach(async () => {
    world = await harnessAround((parts) => [new EndpointSliceMirroringController(parts)]);
    await world.harness.start();
  });
  afterEach(() => world.stop());

  const place = { namespace: 'default', name: 'db' };
  const makeService = (spec: object = {}): Promise<Service> => world.client.create(Service, { metadata: place, spec: { ports: [{ port: 5432 }], ...spec } });
  const makeEndpoints = (metadata: object = {}): Promise<Endpoints> => world.client.create(Endpoints, {
    metadata: { ...place, ...metadata },
    subsets: [{ addresses: [{ ip: '192.0.2.1', hostname: 'one' }, { ip: '2001:db8::1' }], notReadyAddresses: [{ ip: '192.0.2.2' }], ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] }],
  });
  const slices = async (): Promise<readonly EndpointSlice[]> => {
    await world.harness.settle();
    return (await world.client.list(EndpointSlice, { namespace: 'default' })).items;
  };

  it('shows what people wrote, in a slice for each family', async () => {
    await makeService();
    const { metadata: { uid } } = await makeEndpoints({ labels: { tier: 'data' }, annotations: { note: 'x', 'endpoints.kubernetes.io/last-change-trigger-time': 'y' } });
    const seen = await slices();
    expect(seen.map(({ addressType, endpoints }) => [addressType, endpoints.map(({ addresses, conditions, hostname }) => [addresses[0], conditions.ready, hostname])]).toSorted()).to.deep.equal([
      ['IPv4', [['192.0.2.1', true, 'one'], ['192.0.2.2', false, undefined]]], ['IPv6', [['2001:db8::1', true, undefined]]],
    ]);
    expect(seen[0]?.ports).to.deep.equal([{ name: 'sql', port: 5432, protocol: 'TCP' }]);
    expect(seen[0]?.metadata).to.deep.include({
      labels: { tier: 'data', 'kubernetes.io/service-name': 'db', 'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io' }, annotations: { note: 'x' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Endpoints', name: 'db', uid, controller: true, blockOwnerDeletion: true }],
    });
  });

  it('follows them, and ends with the wish', async () => {
    await makeService();
    const endpoints = await makeEndpoints();
    expect(await slices()).to.have.length(2);
    await world.client.patch(Endpoints, endpoints.metadata, { type: 'merge', document: { subsets: [{ addresses: [{ ip: '192.0.2.3' }], ports: [{ port: 1 }] }] } });
    expect((await slices()).map((slice) => slice.endpoints[0]?.addresses)).to.deep.equal([['192.0.2.3']]);
    await world.client.patch(Endpoints, endpoints.metadata, { type: 'merge', document: { metadata: { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } } } });
    expect(await slices()).to.deep.equal([]);
  });

  it('has nothing to do with services that select pods, with leaders, or without a service', async () => {
    await makeEndpoints();
    expect(await slices()).to.deep.equal([]);
    const service = await makeService();
    expect(await slices()).to.have.length(2);
    await world.client.patch(Service, service.metadata, { type: 'merge', document: { spec: { selector: { app: 'db' } } } });
    expect(await slices()).to.deep.equal([]);
    await world.client.patch(Service, service.metadata, { type: 'merge', document: { spec: { selector: null } } });
    await world.client.patch(Endpoints, place, { type: 'merge', document: { metadata: { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } } } });
    expect(await slices()).to.deep.equal([]);
  });
});
