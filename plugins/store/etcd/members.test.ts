import { expect } from 'chai';
import { systemClock } from '#core/kernel/clock.ts';
import { ScriptedEtcd, type Answers, type Refusal } from '#test/fixtures/scripted-etcd.ts';
import { failure } from '#test/conformance/key-value-store-case.ts';
import { connect, type ConnectOptions } from './connect.ts';
import { Layout } from './layout.ts';
import type { Members } from './members.ts';

const refuse = (code: number, details: string): (() => Refusal) => () => ({ code, details });
const stored = (): { header: { revision: number }; succeeded: boolean } => ({ header: { revision: 7 }, succeeded: true });

describe('the members of an etcd cluster', () => {
  const started: ScriptedEtcd[] = [];
  const connected: Members[] = [];

  const start = async (...scripts: Answers[]): Promise<ScriptedEtcd[]> => {
    const etcds = await Promise.all(scripts.map((script) => ScriptedEtcd.start(script)));
    started.push(...etcds);
    return etcds;
  };
  const reach = async (etcds: readonly ScriptedEtcd[], options: Partial<ConnectOptions> = {}): Promise<Members> => {
    const members = await connect({ endpoints: etcds.map(({ address }) => address), timeoutMs: 2000, ...options }, new Layout('/registry', ''), systemClock);
    connected.push(members);
    return members;
  };
  const callsOf = (etcds: readonly ScriptedEtcd[], method: string): number => etcds.reduce((sum, { calls }) => sum + calls.filter((each) => each === method).length, 0);

  afterEach(() => {
    for (const members of connected.splice(0)) members.close();
    for (const etcd of started.splice(0)) etcd.stop();
  });

  it('are called in turn', async () => {
    const etcds = await start({ Txn: stored }, { Txn: stored }, { Txn: stored });
    const members = await reach(etcds);
    for (let count = 0; count < 9; count++) await members.call('Txn', {}, { repeatable: false });
    expect(etcds.map(({ calls }) => calls.length)).to.deep.equal([3, 3, 3]);
  });

  it('are asked until one has a leader, also for a write: nothing was begun', async () => {
    for (const sentence of ['etcdserver: no leader', 'etcdserver: rpc not supported for learner']) {
      const etcds = await start({ Txn: refuse(14, sentence) }, { Txn: stored });
      const members = await reach(etcds);
      for (let count = 0; count < 4; count++) expect(await members.call('Txn', {}, { repeatable: false })).to.deep.equal(stored());
    }
  });

  it('are not asked twice for a write whose outcome is not known, but for a read', async () => {
    for (const [code, sentence] of [[14, 'etcdserver: request timed out'], [14, 'etcdserver: leader changed'], [4, 'context deadline exceeded'], [2, 'raft proposal dropped'], [13, 'stream reset']] as const) {
      const etcds = await start({ Txn: refuse(code, sentence), Range: refuse(code, sentence) }, { Txn: refuse(code, sentence), Range: () => ({ count: 1 }) });
      const members = await reach(etcds);
      expect(await failure(members.call('Txn', {}, { repeatable: false }))).to.include({ code, details: sentence });
      expect(callsOf(etcds, 'Txn')).to.equal(1);
      for (let count = 0; count < 2; count++) expect(await members.call('Range', {}, { repeatable: true })).to.deep.equal({ count: 1 });
    }
  });

  it('are taken at their word when they refuse', async () => {
    const etcds = await start({ Range: refuse(11, 'etcdserver: mvcc: required revision has been compacted') }, { Range: refuse(7, 'etcdserver: permission denied') });
    const members = await reach(etcds);
    await failure(members.call('Range', {}, { repeatable: true }));
    expect(callsOf(etcds, 'Range')).to.equal(1);
  });

  it('are passed over while there is no connection to them', async () => {
    const [gone, there] = await start({ Txn: stored }, { Txn: stored });
    gone?.stop();
    const members = await reach([gone, there].flatMap((each) => each ?? []));
    for (let count = 0; count < 6; count++) await members.call('Txn', {}, { repeatable: false });
    expect(there?.calls.length).to.equal(6);
  });

  it('are told who asks, again when the token is not good any more', async () => {
    let token = 0;
    const etcds = await start({
      Authenticate: ({ name, password }) => (name === 'me' && password === 'secret' ? { token: `t${++token}` } : { code: 3, details: 'etcdserver: authentication failed, invalid user ID or password' }),
      Txn: (_request, metadata) => (metadata.get('token')[0] === 't2' ? stored() : { code: 16, details: 'etcdserver: invalid auth token' }),
    });
    const members = await reach(etcds, { user: { name: 'me', password: 'secret' } });
    expect(await Promise.all([1, 2, 3].map(() => members.call('Txn', {}, { repeatable: false })))).to.deep.equal([stored(), stored(), stored()]);
    expect(token).to.equal(2);
    const wrong = await reach(etcds, { user: { name: 'me', password: 'wrong' } });
    expect(String(await failure(wrong.call('Txn', {}, { repeatable: false })))).to.include('cannot log in to etcd as "me": etcd says: authentication failed');
  });

  it('may keep their version to themselves', async () => {
    const [open, secretive] = await start({ Status: () => ({ version: '3.4.23' }) }, { Status: refuse(7, 'etcdserver: permission denied') });
    for (const [etcd, version, assumed] of [[open, '3.4.23', '3.4.23'], [secretive, undefined, '3.6.0']] as const) {
      const members = await reach(etcd ? [etcd] : []);
      expect(await members.version()).to.equal(version);
      const watch = await members.watch();
      watch.call.on('error', () => undefined).cancel();
      expect(watch.version).to.equal(assumed);
    }
  });

  it('are given up when the time is up', async () => {
    const etcds = await start({ Range: refuse(14, 'etcdserver: no leader') });
    const members = await reach(etcds, { timeoutMs: 200 });
    expect(await failure(members.call('Range', {}, { repeatable: true }))).to.include({ details: 'etcdserver: no leader' });
    expect(callsOf(etcds, 'Range')).to.be.within(2, 12);
  });
});
