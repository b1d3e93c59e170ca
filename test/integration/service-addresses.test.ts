import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { IPAddress, ServiceCIDR } from '#core/api/schema/networking-v1.ts';
import { startControlPlane as startWhole } from '#core/cli/start-control-plane.ts';
import { startControlPlane, type ControlPlane } from '#test/fixtures/control-plane.ts';
import { Etcd, etcdServer } from '#test/fixtures/etcd.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { requires } from '#test/fixtures/requires.ts';
import { EtcdStore } from '#plugins/store/etcd/etcd-store.ts';

const networking = '/apis/networking.k8s.io/v1';
const services = '/api/v1/namespaces/default/services';
const asTable = { headers: { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } };
const service = (name: string, spec: object = {}) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } });

describe('addresses of services', () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane();
  });
  after(() => plane.stop());

  const rows = async (plural: string): Promise<unknown[]> => (await plane.send('GET', `${networking}/${plural}`, asTable)).body.rows.map(({ cells }: { cells: unknown[] }) => cells.slice(0, 2));

  it('are objects that kubectl shows, and so is the range that they come from', async () => {
    const ready = async (): Promise<boolean> => (await plane.send('GET', `${networking}/servicecidrs/kubernetes`)).body.status?.conditions?.[0].status === 'True';
    await eventually(ready, 'the default ServiceCIDR');
    expect(await rows('servicecidrs')).to.deep.equal([['kubernetes', '10.96.0.0/16']]);
    expect((await plane.send('POST', services, { body: service('web', { clusterIP: '10.96.0.10' }) })).code).to.equal(201);
    expect((await plane.send('POST', `${services}?dryRun=All`, { body: service('dry') })).code).to.equal(201);
    await eventually(async () => (await rows('ipaddresses')).length === 2, 'the address of the service kubernetes');
    expect(await rows('ipaddresses')).to.deep.equal([['10.96.0.1', 'services/default/kubernetes'], ['10.96.0.10', 'services/default/web']]);
    const { items } = (await plane.send('GET', `${networking}/ipaddresses?labelSelector=ipaddress.kubernetes.io%2Fip-family%3DIPv4%2Cipaddress.kubernetes.io%2Fmanaged-by%3Dipallocator.k8s.io`)).body;
    expect(items).to.have.length(2);
    expect((await plane.send('DELETE', `${services}/web`)).code).to.equal(200);
    expect(await rows('ipaddresses')).to.deep.equal([['10.96.0.1', 'services/default/kubernetes']]);
  });

  it('have canonical names and a parent that stays', async () => {
    const address = (name: string, parentRef?: object) => ({ apiVersion: 'networking.k8s.io/v1', kind: 'IPAddress', metadata: { name }, spec: { parentRef } });
    const mine = { group: 'gateway.networking.k8s.io', resource: 'gateways', name: 'mine' };
    for (const name of ['10.96.0.010', 'FD00::1', 'fd00:0::1', 'x']) expect((await plane.send('POST', `${networking}/ipaddresses`, { body: address(name, mine) })).code, name).to.equal(422);
    expect((await plane.send('POST', `${networking}/ipaddresses`, { body: address('fd00::1') })).text).to.contain('spec.parentRef: Required value');
    expect((await plane.send('POST', `${networking}/ipaddresses`, { body: address('fd00::1', mine) })).code).to.equal(201);
    expect((await plane.send('PUT', `${networking}/ipaddresses/fd00::1`, { body: address('fd00::1', { ...mine, name: 'other' }) })).text).to.contain('field is immutable');
    const range = { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name: 'bad' }, spec: { cidrs: ['10.97.0.1/16'] } };
    expect((await plane.send('POST', `${networking}/servicecidrs`, { body: range })).code).to.equal(422);
  });
});

describe('addresses of services in a data directory from before there were IPAddresses', () => {
  let dataDir: string;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'keelson-addresses-'));
  });
  after(() => rm(dataDir, { recursive: true, force: true }));

  it('are recorded at the next start', async () => {
    const options = { dataDir, store: 'sqlite' } as const;
    let clusterIP: string | undefined;
    {
      await using plane = await startWhole({ ...options, controllers: false });
      clusterIP = (await plane.client.create(Service, { metadata: { namespace: 'default', name: 'old' }, spec: { ports: [{ port: 80 }] } })).spec.clusterIP;
      await plane.client.delete(IPAddress, { name: clusterIP ?? '' });
    }
    await using plane = await startWhole(options);
    const recorded = async (): Promise<IPAddress | undefined> => (await plane.client.list(IPAddress)).items.find(({ metadata }) => metadata.name === clusterIP);
    await eventually(async () => (await recorded()) !== undefined, 'the IPAddress');
    const address = await recorded();
    expect([address?.metadata.name, address?.spec.parentRef?.name]).to.deep.equal([clusterIP, 'old']);
    const taken = await plane.client.create(Service, { metadata: { namespace: 'default', name: 'new' }, spec: { ports: [{ port: 80 }], clusterIP: clusterIP ?? '' } }).catch((error: Error) => error.message);
    expect(taken).to.contain('provided IP is already allocated');
    const isHeld = async (): Promise<boolean> => (await plane.client.get(ServiceCIDR, { name: 'kubernetes' })).metadata.finalizers?.[0] === 'networking.k8s.io/service-cidr-finalizer';
    await eventually(isHeld, 'the finalizer of the default ServiceCIDR');
  });
});

describe('addresses of services of two servers over one etcd', function () {
  this.timeout(30_000);
  let etcd: Etcd | undefined;
  const planes: ControlPlane[] = [];
  before(requires(etcdServer));
  before(async () => {
    etcd = await Etcd.start();
    for (let i = 0; i < 2; i++) planes.push(await startControlPlane({ kv: new EtcdStore({ endpoints: etcd.endpoints, prefix: '/addresses' }), serviceCidrs: ['10.0.0.0/29'] }));
    // It takes the first of the six.
    await eventually(async () => (await ipsOf(0)).length === 1, 'the address of the service kubernetes');
  });
  after(async () => {
    for (const plane of planes) await plane.stop();
    await etcd?.stop();
  });

  const send = (i: number, ...request: Parameters<ControlPlane['send']>): ReturnType<ControlPlane['send']> => {
    const plane = planes[i % planes.length];
    if (plane === undefined) throw new Error('there is no server');
    return plane.send(...request);
  };
  const ipsOf = async (i: number): Promise<string[]> => (await send(i, 'GET', `${networking}/ipaddresses`)).body.items.map(({ metadata, spec }: IPAddress) => `${metadata.name} ${spec.parentRef?.name}`);

  it('are never given out twice, down to the last of them', async () => {
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(Array.from({ length: 16 }, (_, i) => send(i, 'POST', services, { body: service(`s${i}`) })));
      const made = answers.filter(({ code }) => code === 201).map(({ body }) => `${body.spec.clusterIP} ${body.metadata.name}`);
      expect(made).to.have.length(5);
      expect(new Set(made.map((text) => text.split(' ')[0])).size).to.equal(5);
      for (const { code, text } of answers) if (code !== 201) expect(text).to.contain('range is full');
      expect(await ipsOf(round)).to.have.members([...made, '10.0.0.1 kubernetes']);
      const names = made.map((text) => text.split(' ')[1]);
      const deleted = await Promise.all(names.map((name, i) => send(i + round, 'DELETE', `${services}/${name}`)));
      expect(deleted.map(({ code }) => code)).to.deep.equal(names.map(() => 200));
      expect(await ipsOf(round + 1)).to.deep.equal(['10.0.0.1 kubernetes']);
    }
  });
});
