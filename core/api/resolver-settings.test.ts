import { expect } from 'chai';
import { parseResolvConf } from './resolver-settings.ts';

describe('resolv.conf', () => {
  it('is read as resolvers do', () => {
    const text = '# nameserver 1.1.1.1\nnameserver 192.0.2.1\n\n nameserver\tfe80::1%eth0 \nnameserver\nsearch old.example\nsearch a.example. .\noptions ndots:2\nsortlist x\n';
    expect(parseResolvConf(text)).to.deep.equal({ nameservers: ['192.0.2.1', 'fe80::1%eth0'], searches: ['a.example', '.'], options: ['ndots:2'] });
  });
});
