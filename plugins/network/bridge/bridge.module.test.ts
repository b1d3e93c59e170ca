import { expect } from 'chai';
import { Container } from 'inversify';
import { Clock } from '#core/kernel/clock.ts';
import { Component } from '#core/kernel/lifecycle.ts';
import { Logger, silentLogger } from '#core/kernel/logger.ts';
import { NetworkPlugin, configuresNode } from '#core/spi/network-plugin.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { temporaryFolder } from '#test/fixtures/temporary-folder.ts';
import { BridgeNetwork } from './bridge-network.ts';
import { parseBridgeUrl } from './bridge-url.ts';
import { keelsonModule } from './bridge.module.ts';

describe('the module bridge', () => {
  it('binds a network, and its life', async () => {
    const folder = await temporaryFolder();
    const clock = new FakeClock();
    const container = new Container({ defaultScope: 'Singleton' });
    container.bind(Clock).toConstantValue(clock);
    container.bind(Logger).toConstantValue(silentLogger);
    container.load(keelsonModule.create({ stateDir: folder.path, nodeName: 'node', url: `bridge://vxlan?socket=${folder.path}/cni.sock` }));
    const network = container.get<NetworkPlugin>(NetworkPlugin);
    expect(network).to.be.instanceOf(BridgeNetwork);
    expect(configuresNode(network)).to.equal(true);
    const component = container.get<Component>(Component);
    await component.start(new AbortController().signal);
    expect(clock.nextInMs).to.equal(60_000);
    await clock.advance(60_000);
    expect(clock.nextInMs).to.equal(60_000);
    await component.stop();
    expect(clock.pending).to.equal(0);
    await folder.remove();
  });

  it('leaves it to others to say that the network is there, where they make the routes', async () => {
    const folder = await temporaryFolder();
    const elsewhere = (['host-gw', 'vxlan', 'none'] as const).map((mode) => new BridgeNetwork({ stateDir: folder.path, mode }, { clock: new FakeClock(), log: silentLogger }).hasRoutesElsewhere);
    expect(elsewhere).to.deep.equal([false, false, true]);
    await folder.remove();
  });

  it('reads its options from an address', () => {
    expect(parseBridgeUrl('bridge://vxlan?mtu=1400&masquerade=false&bridge=pods0&cooldown=5&iptables=iptables-legacy&block-metadata=true')).to.deep.equal({
      mode: 'vxlan', mtu: 1400, masquerade: false, bridge: 'pods0', cooldownMs: 5000, iptables: 'iptables-legacy', blockMetadata: true,
    });
    expect(parseBridgeUrl('bridge://')).to.deep.equal({});
    for (const [text, message] of [
      ['bridge://geneve', 'the option mode must be host-gw, vxlan or none, not "geneve"'], ['bridge://none?mtu=x', 'the option mtu must be a number, not "x"'], ['bridge://none?mtu=100', 'the option mtu must be a number from 1280'],
      ['bridge://none?hairpin=yes', 'the option hairpin must be true or false'], ['bridge://none?__proto__=1', 'the bridge network has no option "__proto__"'], ['bridge://none?bridge=a/b', 'the option bridge must be the name of an interface'],
      ['bridge://none?iptables=rm', 'the option iptables must be'], ['etcd://x', 'is not an address such as'], ['bridge://none/etc', 'is not an address such as'],
    ] as const) expect(() => parseBridgeUrl(text), text).to.throw(Error, message);
  });
});
