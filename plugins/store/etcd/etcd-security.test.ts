import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { issueAuthority, issueLeaf } from '#core/authn/pki-issue.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { failure, put, record } from '#test/conformance/key-value-store-case.ts';
import { Etcd, etcdctl, etcdServer } from '#test/fixtures/etcd.ts';
import { program, requires } from '#test/fixtures/requires.ts';
import { EtcdStore, type EtcdOptions } from './etcd-store.ts';

describe('EtcdStore and who may use etcd', function () {
  this.timeout(30_000);
  let dir: string;
  let etcd: Etcd | undefined;
  const opened: EtcdStore[] = [];

  const open = async (options: Partial<EtcdOptions>): Promise<EtcdStore> => {
    const store = new EtcdStore({ endpoints: etcd?.endpoints ?? [], prefix: '/secure', timeoutMs: 3000, ...options });
    opened.push(store);
    await store.open();
    return store;
  };
  const file = async (name: string, text: string): Promise<string> => {
    const path = join(dir, name);
    await writeFile(path, text);
    return path;
  };

  before(requires(etcdServer, program('etcdctl', 'etcd-client')));
  beforeEach(async () => { dir = await mkdtemp(join(tmpdir(), 'keelson-etcd-security-')); });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await etcd?.stop();
    await rm(dir, { recursive: true });
  });

  it('speaks TLS, with a certificate of its own', async () => {
    const validity = { notBefore: new Date(Date.now() - 3600_000), notAfter: new Date(Date.now() + 3600_000) };
    const [authority, stranger] = [await issueAuthority('etcd-ca', validity), await issueAuthority('other-ca', validity)];
    const server = await issueLeaf(authority, { ...validity, commonName: 'etcd', usage: 'server', hosts: ['127.0.0.1'] });
    const client = await issueLeaf(authority, { ...validity, commonName: 'keelson', usage: 'client' });
    const [ca, otherCa, cert, key] = await Promise.all([file('ca.crt', authority.cert), file('other.crt', stranger.cert), file('client.crt', client.cert), file('client.key', client.key)]);
    etcd = await Etcd.start({ tls: { ca, cert: await file('server.crt', server.cert), key: await file('server.key', server.key) } });

    const store = await open({ tls: { ca, cert, key } });
    const watch = await record(store, '', (await store.revisions()).newest);
    await put(store, 'a', '1');
    expect(watch.received.map(({ value }) => value)).to.deep.equal(['1']);

    for (const [tls, why] of [[{ ca: otherCa, cert, key }, /no member can be reached: .* \(unable to verify the first certificate/], [{ ca }, /no member can be reached: .* \(.*certificate/], [undefined, /no member can be reached/]] as const) {
      const error = await failure(open(tls ? { tls, timeoutMs: 500 } : { timeoutMs: 500 }));
      expect(ProviderError.is(error, 'Unavailable')).to.equal(true);
      expect(String(error)).to.match(why);
    }
    const missing = await failure(open({ tls: { ca: join(dir, 'nowhere.crt') } }));
    expect(String(missing)).to.include('nowhere.crt');
  });

  it('logs in, again when its login is forgotten, and says when it may not', async () => {
    etcd = await Etcd.start();
    for (const args of [['user', 'add', 'root:toor'], ['user', 'grant-role', 'root', 'root'], ['role', 'add', 'keelson'], ['user', 'add', 'me:secret'], ['user', 'grant-role', 'me', 'keelson'],
      ['role', 'grant-permission', 'keelson', 'readwrite', '--prefix=true', '/secure/'], ['role', 'grant-permission', 'keelson', 'readwrite', 'compact_rev_key'],
    ]) await etcdctl(etcd, ...args);
    // Whoever names a user before authentication is on is served.
    await put(await open({ user: { name: 'me', password: 'secret' } }), 'a', '0');
    await etcdctl(etcd, 'auth', 'enable');

    const store = await open({ user: { name: 'me', passwordFile: await file('password', 'secret\n') } });
    const watch = await record(store, '', (await store.revisions()).newest);
    await put(store, 'a', '1');
    await etcd.members[0]?.kill();
    await etcd.members[0]?.start();
    await put(store, 'a', '2');
    expect(watch.received.map(({ value }) => value)).to.deep.equal(['1', '2']);

    for (const [options, reason, why] of [
      [{ user: { name: 'me', password: 'wrong' } }, 'Invalid', 'cannot log in to etcd as "me": etcd says: authentication failed, invalid user ID or password'],
      [{}, 'Unavailable', 'user name is empty'],
      [{ user: { name: 'me', password: 'secret' }, prefix: '/other' }, 'Unavailable', 'permission denied'],
    ] as const) {
      const error = await failure(open(options));
      expect(ProviderError.is(error, reason), String(error)).to.equal(true);
      expect(String(error)).to.include(why);
    }
    await store.compact((await store.revisions()).newest);
  });
});
