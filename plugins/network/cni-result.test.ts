import { expect } from 'chai';
import type { NetworkResult } from '#core/spi/network-plugin.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniErrorJson, parseCniError } from './cni-error.ts';
import { isCniIdentifier, isInterfaceName, isNamespacePath, isPluginType } from './cni-names.ts';
import { convertCniResult, fromCniResult, toCniResult } from './cni-result.ts';

const result: NetworkResult = {
  interfaces: [{ name: 'br0', mac: '00:11:22:33:44:55', mtu: 1450 }, { name: 'eth0', sandbox: '/run/netns/a', mtu: 1450 }],
  ips: [{ address: '10.1.0.5/16', gateway: '10.1.0.1', interface: 1 }, { address: '2001:db8::5/64', interface: 1 }],
  routes: [{ dst: '0.0.0.0/0', gw: '10.1.0.1', mtu: 1400, priority: 10 }],
  dns: { nameservers: ['10.1.0.1'], domain: 'example.com' },
};

describe('results of CNI', () => {
  it('tell the family of an address before 1.0.0, and neither MTU nor priority before 1.1.0', () => {
    expect(toCniResult(result, '0.4.0')).to.deep.equal({
      cniVersion: '0.4.0',
      interfaces: [{ name: 'br0', mac: '00:11:22:33:44:55' }, { name: 'eth0', sandbox: '/run/netns/a' }],
      ips: [{ version: '4', address: '10.1.0.5/16', gateway: '10.1.0.1', interface: 1 }, { version: '6', address: '2001:db8::5/64', interface: 1 }],
      routes: [{ dst: '0.0.0.0/0', gw: '10.1.0.1' }],
      dns: { nameservers: ['10.1.0.1'], domain: 'example.com' },
    });
    expect(toCniResult(result, '1.0.0')['ips']).to.deep.equal(result.ips);
    expect(toCniResult(result, '1.1.0')).to.deep.equal({ cniVersion: '1.1.0', ...result });
  });

  it('are read back from every version', () => {
    for (const version of ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const) {
      const read = fromCniResult(toCniResult(result, version));
      expect(read.ips, version).to.deep.equal(result.ips);
      expect(read.dns, version).to.deep.equal(result.dns);
    }
    expect(fromCniResult(toCniResult(result, '1.1.0'))).to.deep.equal(result);
  });

  it('may leave out what they have not', () => {
    expect(fromCniResult({ cniVersion: '1.0.0', ips: null, dns: {} })).to.deep.equal({ interfaces: [], ips: [], routes: [], dns: {} });
    expect(fromCniResult({ interfaces: [{ name: 'a', mac: '', sandbox: '' }], ips: [{ address: '10.0.0.1/8', gateway: '' }] })).to.deep.equal({ interfaces: [{ name: 'a' }], ips: [{ address: '10.0.0.1/8' }], routes: [], dns: {} });
  });

  it('keep what nobody here knows on their way to the next plugin', () => {
    const raw = JSON.parse('{"cniVersion":"1.1.0","interfaces":[{"name":"eth0","socketPath":"/run/x","mtu":9000}],"ips":[{"address":"10.0.0.1/8"}],"io.acme":{"a":1},"__proto__":{"b":2}}');
    expect(convertCniResult(raw, '1.1.0')).to.deep.include({ 'io.acme': { a: 1 } }).and.to.have.nested.property('interfaces[0].socketPath', '/run/x');
    expect(convertCniResult(raw, '0.4.0')).to.deep.include({ interfaces: [{ name: 'eth0' }], ips: [{ version: '4', address: '10.0.0.1/8' }] });
    expect(({} as { b?: number }).b).to.equal(undefined);
  });

  it('are refused when they make no sense', () => {
    const bad = [
      null, [], 'x', { ips: {} }, { ips: ['10.0.0.1/8'] }, { ips: [{ address: '10.0.0.1' }] }, { ips: [{ address: '10.0.0.1/8; reboot' }] }, { ips: [{ address: '10.0.0.1/8', gateway: 'x' }] },
      { interfaces: [{}] }, { interfaces: [{ name: 5 }] }, { routes: [{ dst: 'default' }] }, { routes: [{ dst: '0.0.0.0/0', mtu: 'x' }] }, { ips: Array.from({ length: 5000 }, () => ({ address: '10.0.0.1/8' })) },
    ];
    for (const value of bad) expect(() => fromCniResult(value), JSON.stringify(value)?.slice(0, 80)).to.throw(NetworkError).with.property('code', 6);
  });
});

describe('errors of CNI', () => {
  it('are written and read as the specification has them', () => {
    const error = new NetworkError(11, 'later', 'because');
    expect(cniErrorJson(error, '1.0.0')).to.deep.equal({ cniVersion: '1.0.0', code: 11, msg: 'later', details: 'because' });
    expect(cniErrorJson(new TypeError('oops'), '1.0.0')).to.deep.equal({ cniVersion: '1.0.0', code: 999, msg: 'oops' });
    const read = parseCniError('{"code":7,"msg":"bad","details":"very"}', 'acme');
    expect([read?.code, read?.message, read?.details]).to.deep.equal([7, 'acme: bad', 'very']);
    for (const text of ['', 'panic: x', '[]', '{"code":"7","msg":"x"}', '{"code":7}', 'null']) expect(parseCniError(text, 'acme'), text).to.equal(undefined);
    expect(parseCniError(JSON.stringify({ code: 7, msg: 'x'.repeat(1e6) }), 'acme')?.message.length).to.be.below(3000);
  });
});

describe('names of CNI', () => {
  it('are only what can do no harm in a path, a command or a file', () => {
    const bad = ['', '.', '..', 'a/b', '../x', 'a b', 'a\n', '-x', 'é', 'a;b', 'a\0', '$(x)', 'x'.repeat(300)];
    for (const text of bad) for (const is of [isCniIdentifier, isInterfaceName, isPluginType]) expect(is(text), `${is.name} ${JSON.stringify(text)}`).to.equal(false);
    for (const text of [...bad, 'relative', '/a/../b', '/a//b', '/a b', '/a"', "/a'", '/a#', '/a\\b']) expect(isNamespacePath(text), JSON.stringify(text)).to.equal(false);
    expect([isCniIdentifier('a_b.c-1'), isInterfaceName('eth0.100'), isInterfaceName('x'.repeat(16)), isPluginType('host-local'), isNamespacePath('/proc/17/ns/net')]).to.deep.equal([true, true, false, true, true]);
  });
});
