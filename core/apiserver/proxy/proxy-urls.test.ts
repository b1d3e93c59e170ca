import { expect } from 'chai';
import { parseProxyName } from './proxy-name.ts';
import { rewriteRedirect } from './redirect.ts';

describe('parseProxyName', () => {
  it('reads names with and without scheme and port', () => {
    expect(parseProxyName('web', 'pod')).to.deep.equal({ scheme: '', name: 'web', port: '' });
    expect(parseProxyName('web:80', 'pod')).to.deep.equal({ scheme: '', name: 'web', port: '80' });
    expect(parseProxyName('https:web:', 'pod')).to.deep.equal({ scheme: 'https', name: 'web', port: '' });
    expect(parseProxyName(':web:http', 'pod')).to.deep.equal({ scheme: '', name: 'web', port: 'http' });
    for (const text of ['', ':80', 'http::80', 'ftp:web:80', 'a:b:c:d']) expect(() => parseProxyName(text, 'service'), text).to.throw(`invalid service request ${JSON.stringify(text)}`);
  });
});

describe('rewriteRedirect', () => {
  const root = { host: 'api.example.com', root: '/api/v1/namespaces/a/pods/b/proxy', there: { host: 'fd00::1', port: 8080 } };
  const cases: Record<string, string> = {
    '/x?y#z': `${root.root}/x?y#z`, '/': `${root.root}/`, 'http://[fd00::1]:8080/x': `${root.root}/x`, 'https://api.example.com/x': `${root.root}/x`,
    'x/y': 'x/y', '?page=2': '?page=2', 'https://other.example.com/x': 'https://other.example.com/x', '//other.example.com/': '//other.example.com/',
    [`${root.root}/x`]: `${root.root}/x`, 'http://': 'http://',
  };
  for (const [from, to] of Object.entries(cases)) it(`${from} leads to ${to}`, () => expect(rewriteRedirect(from, root)).to.equal(to));
});
