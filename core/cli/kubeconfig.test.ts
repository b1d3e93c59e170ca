import { expect } from 'chai';
import { parse } from 'yaml';
import { kubeconfig } from './kubeconfig.ts';

describe('the kubeconfig', () => {
  const pair = { cert: 'admin certificate\n', key: 'admin key\n' };
  const text = kubeconfig('https://[::1]:6443', { ca: 'authority\n', serving: { cert: 'x', key: 'secret of the server' }, admin: pair });

  it('leads to the server with the administrator\'s certificate', () => {
    const config = parse(text);
    const context = config.contexts.find((each: { name: string }) => each.name === config['current-context']).context;
    const { cluster } = config.clusters.find((each: { name: string }) => each.name === context.cluster);
    const { user } = config.users.find((each: { name: string }) => each.name === context.user);
    expect(cluster.server).to.equal('https://[::1]:6443');
    const decoded = [cluster['certificate-authority-data'], user['client-certificate-data'], user['client-key-data']].map((data: string) => Buffer.from(data, 'base64').toString());
    expect(decoded).to.deep.equal(['authority\n', pair.cert, pair.key]);
  });

  it('holds nothing of the server\'s own', () => {
    expect(text).to.not.include(Buffer.from('secret of the server').toString('base64'));
  });
});
