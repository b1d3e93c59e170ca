import { expect } from 'chai';
import { detachedSignature } from '#core/api/bootstrap-token.ts';
import { ConfigMap, Secret } from '#core/api/schema/core-v1/config.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { TokenCleaningController } from '#core/controllers/token-cleaning/controller.ts';
import { ControllerHarness } from '#test/fixtures/controller-harness.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { BootstrapSignerController } from './controller.ts';
import { signingToken } from './tokens.ts';

const place = { namespace: 'kube-public', name: 'cluster-info' };
const minute = 60_000;

describe('BootstrapSignerController and TokenCleaningController', () => {
  let world: InMemoryApi;
  let clock: FakeClock;
  let harness: ControllerHarness;
  let server: string;

  beforeEach(async () => {
    clock = new FakeClock();
    server = 'https://192.0.2.1:6443';
    world = await inMemoryApi(clock);
    await world.client.create(Namespace, { metadata: { name: 'kube-public' } });
    await world.client.create(ConfigMap, { metadata: { namespace: 'kube-public', name: 'kube-root-ca.crt' } });
    harness = new ControllerHarness({
      world, clock, seed: 1,
      controllers: ({ client, informers }) => [new BootstrapSignerController({ client, informers, clock, ca: 'AUTHORITY', server: () => server }), new TokenCleaningController({ client, informers, clock })],
    });
    await harness.start();
  });
  afterEach(async () => {
    harness.end();
    await world.stop();
  });

  const data = async (): Promise<Record<string, string>> => (await world.client.get(ConfigMap, place)).data ?? {};
  const tokens = async (): Promise<string[]> => (await world.client.list(Secret)).items.map(({ metadata }) => metadata.name);
  const token = (id: string, changes: Record<string, string> = {}, name = `bootstrap-token-${id}`) => world.client.create(Secret, {
    metadata: { namespace: 'kube-system', name }, type: 'bootstrap.kubernetes.io/token',
    stringData: { 'token-id': id, 'token-secret': '0123456789abcdef', 'usage-bootstrap-signing': 'true', ...changes },
  });

  it('publishes how the cluster is reached, also before there is a token', async () => {
    await harness.settle(1000);
    const { kubeconfig = '', ...rest } = await data();
    expect(kubeconfig).to.include(`certificate-authority-data: ${Buffer.from('AUTHORITY').toString('base64')}\n    server: https://192.0.2.1:6443\n`);
    expect(rest).to.deep.equal({});
  });

  it('signs with each token that is for that, and takes its signature back', async () => {
    await token('aaaaaa');
    await token('bbbbbb', { 'usage-bootstrap-signing': 'false' });
    await token('cccccc', { expiration: new Date(clock.now() + minute).toISOString() });
    await token('dddddd', {}, 'bootstrap-token-other');
    await token('eeeeee', { expiration: 'tomorrow' });
    await world.client.create(Secret, { metadata: { namespace: 'default', name: 'bootstrap-token-ffffff' }, type: 'bootstrap.kubernetes.io/token', stringData: { 'token-id': 'ffffff', 'token-secret': '0123456789abcdef', 'usage-bootstrap-signing': 'true' } });
    await harness.settle(1000);
    const { kubeconfig = '', ...signatures } = await data();
    expect(Object.keys(signatures).toSorted()).to.deep.equal(['jws-kubeconfig-aaaaaa', 'jws-kubeconfig-cccccc']);
    expect(signatures['jws-kubeconfig-aaaaaa']).to.equal(detachedSignature(kubeconfig, { id: 'aaaaaa', secret: '0123456789abcdef' }));
    await harness.settle(minute + 1000);
    expect(Object.keys(await data())).to.have.members(['kubeconfig', 'jws-kubeconfig-aaaaaa']);
    expect((await tokens()).toSorted(), 'expired ones are gone').to.deep.equal(['bootstrap-token-aaaaaa', 'bootstrap-token-bbbbbb', 'bootstrap-token-ffffff', 'bootstrap-token-other']);
    await world.client.delete(Secret, { namespace: 'kube-system', name: 'bootstrap-token-aaaaaa' });
    await harness.settle(1000);
    expect(Object.keys(await data())).to.deep.equal(['kubeconfig']);
  });

  it('does not sign with a token that has run out, if it is there still', async () => {
    const secret = await token('aaaaaa', { expiration: new Date(clock.now()).toISOString() });
    expect([signingToken(secret, clock.now() - 1)?.id, signingToken(secret, clock.now())]).to.deep.equal(['aaaaaa', undefined]);
  });

  it('keeps the address that an administrator wrote, and signs that', async () => {
    await token('aaaaaa');
    await harness.settle(1000);
    const map = await world.client.get(ConfigMap, place);
    const kubeconfig = (map.data?.['kubeconfig'] ?? '').replace('192.0.2.1', 'cluster.example.com');
    await world.client.update(ConfigMap, { ...map, data: { kubeconfig, mine: 'x' } });
    await harness.settle(1000);
    expect(await data()).to.deep.equal({ kubeconfig, mine: 'x', 'jws-kubeconfig-aaaaaa': detachedSignature(kubeconfig, { id: 'aaaaaa', secret: '0123456789abcdef' }) });
    server = 'https://192.0.2.2:6443';
    await token('bbbbbb');
    await harness.settle(1000);
    expect((await data())['kubeconfig'], 'wherever the server is').to.equal(kubeconfig);
    await world.client.delete(ConfigMap, place);
    await harness.settle(1000);
    expect((await data())['kubeconfig']).to.include('192.0.2.2');
  });

  it('goes on with the server when that moves', async () => {
    await token('aaaaaa');
    await harness.settle(1000);
    await world.client.patch(ConfigMap, place, { type: 'merge', document: { metadata: { annotations: { 'example.com/mine': 'x' } } } });
    for (const [id, moved] of [['bbbbbb', 'https://192.0.2.2:6443'], ['cccccc', 'https://127.0.0.1:6443'], ['dddddd', 'https://[2001:db8::1]:6443']] as const) {
      server = moved;
      await token(id);
      await harness.settle(1000);
      expect((await data())['kubeconfig']).to.include(`    server: ${server}\n`);
    }
    expect((await world.client.get(ConfigMap, place)).metadata.annotations).to.deep.equal({ 'example.com/mine': 'x', 'keelson.dev/announced-server': server });
  });
});
