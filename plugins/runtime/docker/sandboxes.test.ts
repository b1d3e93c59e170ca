import { expect } from 'chai';
import { systemClock } from '#core/kernel/clock.ts';
import type { SandboxConfig } from '#core/spi/container-runtime.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { type EngineAnswer, type EngineRequest, ScriptedEngine } from '#test/fixtures/scripted-engine.ts';
import { Engine } from './engine.ts';
import { Inspections } from './inspections.ts';
import { Lifecycle } from './lifecycle.ts';
import { Marks } from './marks.ts';
import { engineNetwork } from './node-network.ts';
import { DockerSandboxes, sideOf } from './sandboxes.ts';

const never = new AbortController().signal;

const config: SandboxConfig = {
  pod: { namespace: 'default', name: 'web', uid: 'c0ffee' }, attempt: 0, hostname: 'web', namespaces: { network: 'pod', pid: 'pod', ipc: 'pod' }, sharedPid: false, sysctls: {}, labels: {},
};

interface Made {
  readonly id: string;
  readonly name: string;
  readonly options: { readonly Labels: Record<string, string>; readonly HostConfig: { readonly OomScoreAdj: number } };
  running: boolean;
}

describe('sandboxes of an engine that may spare nobody from the OOM killer', () => {
  let engine: ScriptedEngine;
  let inspections: Inspections;
  let sandboxes: DockerSandboxes;
  let made: Made[];
  let refusals: number;
  let refusal: string;

  beforeEach(async () => {
    made = [];
    refusals = 0;
    refusal = "OCI runtime create failed: runc create failed: can't get final child's PID from pipe: EOF";
    engine = await ScriptedEngine.start(answer);
    const connection = new Engine({ host: engine.socketPath }, systemClock);
    const marks = new Marks('node', '');
    inspections = new Inspections(connection, marks);
    const image = { id: async () => 'sha256:pause', forget: () => undefined };
    sandboxes = new DockerSandboxes(new Lifecycle(connection, marks, inspections), inspections, marks, image, engineNetwork);
  });
  afterEach(() => engine.stop());

  function answer({ method, path, query, body }: EngineRequest): EngineAnswer {
    if (path === '/containers/create') return create(query.get('name') ?? '', JSON.parse(body.toString()) as Made['options']);
    const one = made.find(({ id, name }) => path.includes(id) || path.includes(name));
    if (one === undefined) return { status: 404, body: { message: 'No such container' } };
    if (method === 'DELETE') made = made.filter((each) => each !== one);
    if (path.endsWith('/start')) return start(one);
    return method === 'GET' ? { body: seen(one) } : { status: 204 };
  }

  function create(name: string, options: Made['options']): EngineAnswer {
    if (made.some((each) => each.name === name)) return { status: 409, body: { message: 'Conflict' } };
    const id = (engine.requests.length + 4096).toString(16).repeat(16);
    made.push({ id, name, options, running: false });
    return { status: 201, body: { Id: id } };
  }

  function start(one: Made): EngineAnswer {
    if (one.options.HostConfig.OomScoreAdj < 0) {
      refusals += 1;
      return { status: 500, body: { message: refusal } };
    }
    one.running = true;
    return { status: 204 };
  }

  const seen = ({ id, options, running }: Made): object => ({
    Id: id, Image: 'sha256:pause', Created: '2026-01-01T00:00:00Z', Config: { Labels: options.Labels, Tty: false }, HostConfig: { ...options.HostConfig },
    State: { Status: running ? 'running' : 'created', Running: running, Pid: 7, ExitCode: 0, OOMKilled: false, Error: '', StartedAt: '0001-01-01T00:00:00Z', FinishedAt: '0001-01-01T00:00:00Z' },
  });

  it('are made again without it, after the first one has tried', async () => {
    const pods = Array.from({ length: 10 }, (_each, index) => ({ ...config, pod: { ...config.pod, uid: `pod-${index}` } }));
    const all = await Promise.all(pods.map((each) => sandboxes.runSandbox(each, never)));
    expect(all.map(({ state }) => state)).to.deep.equal(pods.map(() => 'Ready'));
    expect(made.map(({ id }) => id)).to.have.members(all.map(({ id }) => id));
    expect(refusals).to.equal(1);
  });

  it('say so to their containers', async () => {
    const { id } = await sandboxes.runSandbox(config, never);
    const sandbox = await inspections.find(id, 'sandbox', never);
    expect(sandbox && sideOf(sandbox).lowestOomScore).to.equal(0);
    expect(sandbox && sideOf({ ...sandbox, oomScoreAdj: -998 }).lowestOomScore).to.equal(-1000);
  });

  it('are not made again for another reason', async () => {
    refusal = 'OCI runtime create failed: sysctl "x" is not in a separate kernel namespace';
    const error = await sandboxes.runSandbox(config, never).then(() => undefined, (caught: unknown) => caught);
    expect(ProviderError.is(error, 'Invalid') && error.message).to.contain('sysctl');
    expect(refusals).to.equal(1);
  });
});
