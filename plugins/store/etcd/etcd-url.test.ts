import { expect } from 'chai';
import { parseEtcdUrl } from './etcd-url.ts';

describe('the address of an etcd store', () => {
  for (const [url, options] of [
    ['etcd://10.0.0.1', { endpoints: ['10.0.0.1:2379'] }],
    ['etcd://a:1,b:2,[::1]:3/registry/', { endpoints: ['a:1', 'b:2', '[::1]:3'], prefix: '/registry' }],
    ['etcd://host/clusters/one%20two', { endpoints: ['host:2379'], prefix: '/clusters/one two' }],
    ['etcd://me:s%40cret@host', { endpoints: ['host:2379'], user: { name: 'me', password: 's@cret' } }],
    ['etcd://me@host?password-file=/etc/p', { endpoints: ['host:2379'], user: { name: 'me', passwordFile: '/etc/p' } }],
    ['etcds://host', { endpoints: ['host:2379'], tls: {} }],
    ['etcds://host/?ca=/a&cert=/b%20c&key=/k', { endpoints: ['host:2379'], tls: { ca: '/a', cert: '/b c', key: '/k' } }],
  ] as const) {
    it(`is understood: ${url}`, () => {
      expect(parseEtcdUrl(url)).to.deep.equal(options);
    });
  }

  for (const [url, sentence] of [
    ['etcd:', 'an etcd store is named etcd://HOST:2379'],
    ['etcd://', 'an etcd store is named etcd://HOST:2379'],
    ['etcd://me:secret@', 'an etcd store is named etcd://HOST:2379'],
    ['http://host', 'an etcd store is named etcd://HOST:2379'],
    ['etcd://host:99999', '"host:99999" is not the address of an etcd member'],
    ['etcd://a,,b', '"" is not the address of an etcd member'],
    ['etcd://a b', '"a b" is not the address of an etcd member'],
    ['etcd://host?colour=red', 'an etcd store has no option "colour"; the options are ca, cert, key and password-file'],
    ['etcd://host?ca=/a', 'ca, cert and key are for TLS: etcds://HOST:2379'],
    ['etcds://host?cert=/a', 'cert and key of an etcd store belong together'],
    ['etcd://me@host', 'the etcd user "me" needs a password: ?password-file=FILE'],
    ['etcd://host?password-file=/p', 'needs a user'],
    ['etcd://host/%zz', 'is not percent-encoded'],
  ] as const) {
    it(`is refused: ${url}`, () => {
      expect(() => parseEtcdUrl(url)).to.throw(sentence).and.satisfy((error: Error) => !error.message.includes('secret'));
    });
  }
});
