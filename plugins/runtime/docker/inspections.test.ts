import { expect } from 'chai';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { ScriptedEngine } from '#test/fixtures/scripted-engine.ts';
import { Engine } from './engine.ts';
import { Inspections } from './inspections.ts';
import { Marks } from './marks.ts';

const never = new AbortController().signal;
const id = 'a1'.repeat(32);
const marks = new Marks('node-1', 'agent');

describe('Inspections', () => {
  let engine: ScriptedEngine;
  let clock: FakeClock;
  let inspections: Inspections;
  let status: string;
  let pid: number;
  let labels: Record<string, string>;
  let there: boolean;

  beforeEach(async () => {
    status = 'Up 5 minutes';
    pid = 100;
    labels = marks.sandboxLabels({ pod: { namespace: 'default', name: 'web', uid: 'u' }, attempt: 0, hostname: 'web', namespaces: { network: 'pod', pid: 'pod', ipc: 'pod' }, sharedPid: false, sysctls: {}, labels: {} });
    there = true;
    engine = await ScriptedEngine.start(({ path }) => {
      if (path === '/containers/json') return { body: [{ Id: id, Status: status }] };
      if (!there) return { status: 404, body: { message: `No such container: ${id}` } };
      const State = { Status: 'running', Running: true, Pid: pid, ExitCode: 0, OOMKilled: false, Error: '', StartedAt: '2026-01-01T00:00:00Z', FinishedAt: '0001-01-01T00:00:00Z' };
      return { body: { Id: id, Image: 'sha256:0', Created: '2026-01-01T00:00:00Z', State, Config: { Labels: labels, Tty: false }, HostConfig: { NetworkMode: 'none' } } };
    });
    clock = new FakeClock();
    inspections = new Inspections(new Engine({ host: engine.socketPath }, clock), marks);
  });
  afterEach(() => engine.stop());

  const pids = async (): Promise<number[]> => (await inspections.list('sandbox', never)).map((each) => each.pid);
  const inspected = (): number => engine.requests.filter(({ path }) => path === `/containers/${id}/json`).length;

  it('asks once for a container whose state is minutes old', async () => {
    expect(await pids()).to.deep.equal([100]);
    for (const later of [10_000, 40_000]) {
      await clock.advance(later);
      expect(await pids()).to.deep.equal([100]);
    }
    expect(inspected()).to.equal(1);
  });

  it('asks again when the text has changed, and each time while it is seconds old', async () => {
    await pids();
    pid = 200;
    status = 'Up 2 seconds';
    expect(await pids()).to.deep.equal([200]);
    pid = 300;
    expect(await pids()).to.deep.equal([300]);
    status = 'Exited (0) Less than a second ago';
    await pids();
    expect(inspected()).to.equal(4);
  });

  it('does not trust what it has not seen for a minute', async () => {
    await pids();
    await clock.advance(50_000);
    pid = 200;
    expect(await pids()).to.deep.equal([200]);
  });

  it('leaves out what went between the list and the question, and what is not its own', async () => {
    there = false;
    expect(await pids()).to.deep.equal([]);
    there = true;
    labels = { ...labels, 'io.keelson.agent': 'another' };
    expect(await pids()).to.deep.equal([]);
    expect(await inspections.find(id, 'sandbox', never)).to.equal(undefined);
  });

  it('searches by the labels of the node and the agent', async () => {
    await pids();
    expect(JSON.parse(engine.requests[0]?.query.get('filters') ?? '')).to.deep.equal({ label: ['io.keelson.node=node-1', 'io.keelson.agent=agent', 'io.keelson.kind=sandbox'] });
  });

  it('puts no id into a path that is not one', async () => {
    for (const hostile of ['', '..', '../images/json', 'A1', `${id}/json?x=`, `${id}a`]) expect(await inspections.find(hostile, 'sandbox', never)).to.equal(undefined);
    expect(engine.requests).to.deep.equal([]);
  });
});
