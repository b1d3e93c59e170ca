import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Container } from 'inversify';
import { Clock, systemClock } from '#core/kernel/clock.ts';
import { Component } from '#core/kernel/lifecycle.ts';
import { Logger } from '#core/kernel/logger.ts';
import { Instances } from '#core/spi/instances.ts';
import { LoadBalancers } from '#core/spi/load-balancers.ts';
import { Routes } from '#core/spi/routes.ts';
import { NodeVolumeDriver, VolumeDriver } from '#core/spi/volume-driver.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';
import { keelsonModule, local } from './local.module.ts';
import { describeAbilities } from './machine.ts';
import { localSettings } from './settings.ts';

const never = new AbortController().signal;

describe('the module of local volumes', () => {
  let stateDir: string;
  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'keelson-local-'));
  });
  afterEach(() => rm(stateDir, { recursive: true }));

  function load(module = keelsonModule.create({ stateDir, nodeName: 'node-1' })) {
    const log = recordingLogger();
    const container = new Container();
    container.bind(Clock).toConstantValue(systemClock);
    container.bind(Logger).toConstantValue(log);
    container.load(module);
    return { container, log };
  }

  it('binds one driver for each side, and what opens the folder of volumes', async () => {
    const { container } = load();
    expect(container.get(VolumeDriver)).to.equal(container.get(VolumeDriver));
    expect([container.get(VolumeDriver).name, container.get(NodeVolumeDriver).name]).to.deep.equal(['local.keelson.dev', 'local.keelson.dev']);
    expect(await readdir(stateDir), 'before the start').to.deep.equal([]);
    const opener = container.getAll(Component)[0]!;
    await opener.start(never);
    await opener.stop();
    expect(await readdir(join(stateDir, 'volumes'))).to.have.members(['.creating', '.trash']);
  });

  it('starts without a folder that it was told of, and says so', async () => {
    const { container, log } = load(local({ root: join(stateDir, 'volumes'), nodePaths: [join(stateDir, 'missing')], nodeName: 'node-1' }));
    const opener = container.getAll(Component)[0]!;
    await opener.start(never);
    await opener.stop();
    expect(log.at('warn').length).to.equal(1);
  });

  it('makes load balancers in the control plane, and not on nodes', () => {
    const { container } = load();
    expect(container.get(LoadBalancers).classes).to.deep.equal(['keelson.dev/local']);
    for (const more of [{ agentDir: '/nowhere' }, { isGuest: true }, { config: { loadBalancers: 'false' } }]) expect(load(keelsonModule.create({ stateDir, nodeName: 'node-1', ...more })).container.isBound(LoadBalancers)).to.equal(false);
  });

  it('knows instances in the control plane only, and routes only when it is told to', () => {
    const bound = (more: Partial<Parameters<typeof keelsonModule.create>[0]> = {}): readonly boolean[] => {
      const { container } = load(keelsonModule.create({ stateDir, nodeName: 'node-1', ...more }));
      return [container.isBound(Instances) && container.get(Instances).provider === 'local', container.isBound(Routes) && container.get(Routes).provider === 'local'];
    };
    expect(bound()).to.deep.equal([true, false]);
    expect(bound({ config: { routes: true } })).to.deep.equal([true, true]);
    expect(() => bound({ config: { routes: 'perhaps' } })).to.throw('local.routes must be true or false, not "perhaps"');
    for (const more of [{ agentDir: '/nowhere' }, { isGuest: true }]) expect(bound({ ...more, config: { routes: true } })).to.deep.equal([false, false]);
  });

  it('reads its options from the environment', () => {
    expect(localSettings({})).to.deep.equal({ nodePaths: [], poolSize: undefined, loadBalancerPool: [], loadBalancers: true, routes: false });
    expect(localSettings({ KEELSON_LOCAL_NODE_PATHS: '/srv/a:/srv/b', KEELSON_LOCAL_POOL_SIZE: '20Gi', KEELSON_LOCAL_LOAD_BALANCER_POOL: '10.9.0.0/24, 10.8.0.1' }))
      .to.deep.equal({ nodePaths: ['/srv/a', '/srv/b'], poolSize: 20n * 1024n ** 3n, loadBalancerPool: ['10.9.0.0/24', '10.8.0.1'], loadBalancers: true, routes: false });
    for (const size of ['many', '0', '-1Gi']) expect(() => localSettings({ KEELSON_LOCAL_POOL_SIZE: size })).to.throw(RangeError, size);
  });

  it('reads them from the file first', () => {
    const config = { nodePaths: ['/srv/c'], poolSize: '1Gi', loadBalancerPool: '10.9.0.0/24' };
    expect(localSettings({ KEELSON_LOCAL_NODE_PATHS: '/srv/a', KEELSON_LOCAL_POOL_SIZE: '20Gi' }, config)).to.deep.equal({ nodePaths: ['/srv/c'], poolSize: 1024n ** 3n, loadBalancerPool: ['10.9.0.0/24'], loadBalancers: true, routes: false });
    expect(() => localSettings({}, { loadbalancerpool: [] })).to.throw('the local provider has no setting "loadbalancerpool"; it has nodePaths, poolSize, loadBalancerPool, loadBalancers, routes');
    expect(() => localSettings({}, { poolSize: 'many' })).to.throw('local.poolSize must be an amount of bytes such as 20Gi, not "many"');
    expect(() => localSettings({}, { nodePaths: [1] })).to.throw('local.nodePaths must be a text or a list of them, not [1]');
    expect(() => keelsonModule.create({ stateDir, nodeName: 'n', config: { loadBalancerPool: ['10.0.0'] } })).not.to.throw();
  });

  it('refuses folders that are no plain absolute paths', () => {
    for (const path of ['relative', '/', '/srv/../etc', '/srv/', '/srv//a', '/a\0b']) {
      const { container } = load(local({ root: join(stateDir, 'volumes'), nodePaths: [path], nodeName: 'node-1' }));
      expect(() => container.get(VolumeDriver), path).to.throw('absolute path');
    }
  });

  it('tells what the machine lacks, why, and what to do', async () => {
    const lack = { reason: 'the program mkfs.ext4 is not installed', remedy: 'apt-get install e2fsprogs' };
    expect(await describeAbilities({ mountLack: async () => undefined, enforceLack: async () => lack })).to.deep.equal([
      { name: 'local volumes whose capacity is enforced', available: false, ...lack },
      { name: 'mounting local volumes for pods', available: true },
    ]);
    for (const { available, reason, remedy } of await keelsonModule.abilities?.({ stateDir, nodeName: 'node-1' }) ?? []) {
      expect([typeof reason, typeof remedy]).to.deep.equal(available ? ['undefined', 'undefined'] : ['string', 'string']);
    }
  });
});
