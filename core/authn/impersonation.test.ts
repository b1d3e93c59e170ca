import { expect } from 'chai';
import { impersonationOf } from './impersonation.ts';

const ask = (...raw: string[]) => {
  const headers: Record<string, string> = {};
  for (let i = 0; i < raw.length; i += 2) headers[raw[i]!.toLowerCase()] ??= raw[i + 1]!;
  return impersonationOf(headers, raw);
};

describe('impersonation', () => {
  it('is asked for by headers', () => {
    expect(ask('Accept', '*/*')).to.equal(undefined);
    expect(ask('Impersonate-User', 'jane', 'Impersonate-Group', 'dev', 'Impersonate-Group', 'ops', 'Impersonate-Uid', 'u', 'Impersonate-Extra-Acme.com%2fteam', 'red')).to.deep.equal({
      user: { name: 'jane', groups: ['dev', 'ops', 'system:authenticated'], uid: 'u', extra: { 'acme.com/team': ['red'] } },
      checks: [
        { group: '', resource: 'users', subresource: '', name: 'jane' },
        { group: '', resource: 'groups', subresource: '', name: 'dev' }, { group: '', resource: 'groups', subresource: '', name: 'ops' },
        { group: 'authentication.k8s.io', resource: 'uids', subresource: '', name: 'u' },
        { group: 'authentication.k8s.io', resource: 'userextras', subresource: 'acme.com/team', name: 'red' },
      ],
    });
  });

  it('of a service account brings its groups along', () => {
    expect(ask('Impersonate-User', 'system:serviceaccount:team:robot')).to.deep.equal({
      user: { name: 'system:serviceaccount:team:robot', groups: ['system:serviceaccounts', 'system:serviceaccounts:team', 'system:authenticated'] },
      checks: [{ group: '', resource: 'serviceaccounts', subresource: '', namespace: 'team', name: 'robot' }],
    });
    expect(ask('Impersonate-User', 'system:anonymous')?.user.groups).to.deep.equal(['system:unauthenticated']);
  });

  it('of a group takes a user', () => {
    expect(() => ask('Impersonate-Group', 'dev')).to.throw(/without impersonating a user/);
  });
});
