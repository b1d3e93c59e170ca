import { Container } from 'inversify';
import { expect } from 'chai';
import { Clock, systemClock } from '#core/kernel/clock.ts';
import { Component } from '#core/kernel/lifecycle.ts';
import { Logger, silentLogger } from '#core/kernel/logger.ts';
import { NameServer } from '#core/spi/name-server.ts';
import { dns, keelsonModule } from './dns.module.ts';
import { DnsServer } from './dns-server.ts';
import { parseDnsUrl } from './dns-url.ts';
import { parseEndpoint } from './endpoints.ts';

describe('the module of the name server', () => {
  it('binds one server as component and as name server', async () => {
    const container = new Container();
    container.bind(Clock).toConstantValue(systemClock);
    container.bind(Logger).toConstantValue(silentLogger);
    container.load(dns({ addresses: ['127.0.0.1'], port: 0, upstreams: [] }));
    const server = container.get(NameServer);
    expect(server).to.be.instanceOf(DnsServer);
    expect(container.get(Component)).to.equal(server);
  });

  it('needs addresses', () => {
    expect(() => keelsonModule.create({ stateDir: '/nowhere', nodeName: 'n' })).to.throw('the name server needs addresses: dns://ADDRESS');
  });
});

describe('the address of the name server', () => {
  it('has addresses, a port, and options', () => {
    expect(parseDnsUrl('dns://10.0.0.1')).to.deep.equal({ addresses: ['10.0.0.1'], port: 53 });
    expect(parseDnsUrl('dns://10.0.0.1,[fd00::1]:5353/?upstream=192.0.2.1&upstream=[2001:db8::1]:54&resolv-conf=/run/r')).to.deep.equal({
      addresses: ['10.0.0.1', 'fd00::1'], port: 5353, upstreams: ['192.0.2.1', '[2001:db8::1]:54'], resolvConf: '/run/r',
    });
  });

  const wrong: [string, string][] = [
    ['http://10.0.0.1', 'is no address of a name server'], ['dns://', 'is no address of a name server'], ['dns://example.com', '"example.com" is no address of a name server, such as'],
    ['dns://10.0.0.1:70000', '"10.0.0.1:70000"'], ['dns://10.0.0.1:53,10.0.0.2:54', 'several ports'], ['dns://10.0.0.1?cache=1', '"cache" is no option of the name server'],
  ];
  for (const [url, message] of wrong) it(`is refused: ${url}`, () => expect(() => parseDnsUrl(url)).to.throw(RangeError, message));

  it('may have a zone, as link-local ones in resolv.conf do', () => {
    expect(parseEndpoint('fe80::1%eth0')).to.deep.equal({ address: 'fe80::1%eth0', port: 53 });
    expect(parseEndpoint('::1')).to.deep.equal({ address: '::1', port: 53 });
  });
});
