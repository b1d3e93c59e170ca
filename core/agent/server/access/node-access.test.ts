import { expect } from 'chai';
import { routeOf } from '#core/agent/server/route.ts';
import { accessOf } from './node-access.ts';

describe('what a request to a node agent needs', () => {
  const needed = (method: string, path: string): string[] => accessOf(method, routeOf(path)).map(({ verb, subresource }) => `${verb} ${subresource}`);

  it('is a verb on a part of its node', () => {
    expect(needed('GET', '/stats/summary')).to.deep.equal(['get stats']);
    expect(needed('GET', '/metrics/resource')).to.deep.equal(['get metrics']);
    expect(needed('HEAD', '/logs/syslog')).to.deep.equal(['get log']);
    expect(needed('GET', '/pods')).to.deep.equal(['get pods', 'get proxy']);
    expect(needed('GET', '/healthz/ping')).to.deep.equal(['get healthz', 'get proxy']);
    expect(needed('GET', '/containerLogs/a/b/c')).to.deep.equal(['get proxy']);
    expect(needed('DELETE', '/constructor/x')).to.deep.equal(['delete proxy']);
  });

  it('is never only reading for what runs programs', () => {
    for (const path of ['/exec/a/b/c', '/attach/a/b/uid/c', '/portForward/a/b', '/%65xec/a/b/c']) {
      for (const method of ['GET', 'POST']) expect(needed(method, path), path).to.deep.equal(['create proxy']);
    }
  });
});
