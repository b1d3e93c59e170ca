import { expect } from 'chai';
import { FakeMachine } from '#test/fixtures/fake-machine.ts';
import { nodeFacts } from './node-facts.ts';

describe('the resolver settings of a node, for its pods', () => {
  const resolver = (files: Readonly<Record<string, string>>, clusterDns = ['10.96.0.10']) => {
    const machine = new FakeMachine();
    for (const [path, text] of Object.entries(files)) machine.files.set(path, text);
    return nodeFacts('node-1', () => undefined, { clusterCidrs: [], serviceCidrs: [], clusterDns, clusterDomain: 'cluster.local' }, machine).resolver();
  };
  const own = '/etc/resolv.conf';
  const behind = '/run/systemd/resolve/resolv.conf';

  it('are its own, where pods can reach one of its name servers', async () => {
    expect(await resolver({ [own]: 'nameserver 127.0.0.53\nnameserver 192.0.2.1\n', [behind]: 'nameserver 192.0.2.9\n' })).to.have.property('nameservers').that.deep.equals(['127.0.0.53', '192.0.2.1']);
  });

  it('are those behind systemd\'s, which listens on loopback', async () => {
    expect(await resolver({ [own]: 'nameserver 127.0.0.53\nsearch a.test\n', [behind]: 'nameserver 192.0.2.9\nsearch b.test\n' })).to.deep.equal({ nameservers: ['192.0.2.9'], searches: ['b.test'], options: [] });
  });

  it('lead to the cluster\'s name server, which asks for them, when nothing else is known', async () => {
    expect(await resolver({ [own]: 'nameserver ::1\nsearch a.test\n' })).to.deep.equal({ nameservers: ['10.96.0.10'], searches: ['a.test'], options: [] });
    expect(await resolver({ [own]: 'nameserver 127.0.0.1\n' }, [])).to.have.property('nameservers').that.deep.equals(['127.0.0.1']);
  });
});
