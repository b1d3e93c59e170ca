import { expect } from 'chai';
import { Container } from 'inversify';
import { ContainerRuntime } from '#core/spi/container-runtime.ts';
import { containers } from '#test/fixtures/busybox-image.ts';
import { requires } from '#test/fixtures/requires.ts';
import { ScriptedEngine } from '#test/fixtures/scripted-engine.ts';
import { dockerAbilities } from './abilities.ts';
import { keelsonModule } from './docker.module.ts';
import { hostOptions } from './host-options.ts';

const settings = { stateDir: '/var/lib/keelson/docker', nodeName: 'node-1' };

describe('the module docker', () => {
  it('binds a runtime, and reads nothing', () => {
    const container = new Container();
    container.load(keelsonModule.create({ ...settings, url: 'docker:///no/such.sock' }));
    expect(container.get(ContainerRuntime)).to.equal(container.get(ContainerRuntime));
  });

  it('takes the network namespace of the node', () => {
    const container = new Container();
    container.load(keelsonModule.create({ ...settings, netns: 'run/netns/node-1' }));
    expect(() => container.get(ContainerRuntime)).to.throw('not "run/netns/node-1"');
  });

  it('takes an address of the engine', async () => {
    const reasonOf = async (url: string): Promise<string | undefined> => ((await keelsonModule.abilities?.({ ...settings, url })) ?? [])[0]?.reason;
    expect(await reasonOf('docker:///no/such.sock')).to.contain('connect ENOENT /no/such.sock');
    expect(await reasonOf('docker://127.0.0.1:1')).to.contain('connect ECONNREFUSED 127.0.0.1:1');
  });

  it('says why there are no containers, and what would help', async () => {
    const [ability] = await dockerAbilities({ node: 'n', host: '/no/such.sock' });
    expect(ability).to.include({ available: false }).and.not.to.have.property('remedy');
    expect(ability?.reason).to.contain('/no/such.sock');
    const before = process.env['DOCKER_HOST'];
    process.env['DOCKER_HOST'] = 'unix:///no/such.sock';
    try {
      const [missing] = (await keelsonModule.abilities?.(settings)) ?? [];
      expect(missing?.remedy).to.be.oneOf(process.platform === 'linux' ? ['apt-get install docker.io', 'service docker start'] : [undefined]);
    } finally {
      if (before === undefined) delete process.env['DOCKER_HOST'];
      else process.env['DOCKER_HOST'] = before;
    }
  });

  it('does not take an engine that is too old, or silent', async () => {
    const engine = await ScriptedEngine.start(() => ({ body: { Version: '19.03.15', ApiVersion: '1.40' } }));
    try {
      expect((await dockerAbilities({ node: 'n', host: engine.socketPath }))[0]).to.deep.include({ available: false, reason: 'Docker Engine 19.03.15 is too old: 20.10 is the oldest that will do' });
      engine.answer = () => ({ body: { Version: '29.0.0', ApiVersion: '1.52' } });
      expect((await dockerAbilities({ node: 'n', host: engine.socketPath }))[0]).to.deep.equal({ name: 'pods in Docker containers (Docker Engine 29.0.0)', available: true });
      engine.answer = () => undefined;
      expect((await dockerAbilities({ node: 'n', host: engine.socketPath }))[0]).to.include({ available: false });
    } finally {
      await engine.stop();
    }
  }).timeout(10_000);

  describe('with Docker', () => {
    before(requires(...containers));

    it('names the engine', async () => {
      const [ability] = await dockerAbilities({ node: 'n' });
      expect(ability?.name).to.match(/^pods in Docker containers \(Docker Engine \d+\./);
      expect(ability?.available).to.equal(true);
    });
  });
});

describe('addresses of the engine', () => {
  for (const [text, expected] of [
    ['/x.sock', { socketPath: '/x.sock', protocol: 'http' }], ['unix:///run/docker.sock', { socketPath: '/run/docker.sock', protocol: 'http' }],
    ['tcp://10.0.0.1', { host: '10.0.0.1', port: 2375, protocol: 'http' }], ['tcp://h:99', { host: 'h', port: '99', protocol: 'http' }],
    ['https://h', { host: 'h', port: 2376, protocol: 'https' }], ['ssh://me@h', { host: 'h', port: 22, username: 'me', protocol: 'ssh' }],
  ] as const) {
    it(`are read: ${text}`, () => expect(hostOptions(text)).to.deep.include(expected));
  }

  it('do not mix with those of the environment', () => {
    expect(hostOptions('/x.sock')).to.have.property('host', undefined);
    expect(hostOptions('tcp://h')).to.have.property('socketPath', undefined);
    expect(hostOptions(undefined)).to.deep.equal({});
  });

  for (const text of ['', 'h:99', 'ftp://h', 'x.sock']) it(`are refused: ${text}`, () => expect(() => hostOptions(text)).to.throw('not an address of a Docker Engine'));
});
