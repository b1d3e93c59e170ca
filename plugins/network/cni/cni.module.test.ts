import { expect } from 'chai';
import { Container } from 'inversify';
import { Clock, systemClock } from '#core/kernel/clock.ts';
import { Logger, silentLogger } from '#core/kernel/logger.ts';
import { NetworkPlugin } from '#core/spi/network-plugin.ts';
import { CniNetwork } from './cni-network.ts';
import { keelsonModule } from './cni.module.ts';
import { parseCniUrl } from './cni-url.ts';

describe('the module cni', () => {
  it('binds a network', () => {
    const container = new Container({ defaultScope: 'Singleton' });
    container.bind(Clock).toConstantValue(systemClock);
    container.bind(Logger).toConstantValue(silentLogger);
    container.load(keelsonModule.create({ stateDir: '/tmp', nodeName: 'node', url: 'cni:///etc/other?plugins=/opt/a,/opt/b' }));
    expect(container.get<NetworkPlugin>(NetworkPlugin)).to.be.instanceOf(CniNetwork);
  });

  it('reads its folders from an address', () => {
    expect(parseCniUrl('cni:///etc/cni/net.d?plugins=/opt/a,/opt/b')).to.deep.equal({ configDir: '/etc/cni/net.d', pluginPaths: ['/opt/a', '/opt/b'] });
    expect(parseCniUrl('cni://')).to.deep.equal({});
    for (const text of ['cni://host/etc', 'cni:///etc?x=1', 'cni:///etc?plugins=bin', 'bridge://']) expect(() => parseCniUrl(text), text).to.throw(Error);
  });
});
