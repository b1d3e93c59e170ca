import { expect } from 'chai';
import { type Checks, never } from './container-runtime-subject.ts';

/** Each with two containers. */
const many = 25;

export function repetitionChecks(checks: Checks): void {
  checks.define('gives back the sandbox of a pod and attempt', async (subject) => {
    const config = subject.sandboxConfig();
    const first = await subject.runtime.runSandbox(config, never);
    expect(await subject.runtime.runSandbox(config, never)).to.deep.equal(first);
    const next = await subject.runtime.runSandbox({ ...config, attempt: 1 }, never);
    expect(next.id).not.to.equal(first.id);
    expect(await subject.sandboxIds()).to.deep.equal([first.id, next.id].sort());
  });

  checks.define('makes one sandbox of calls that come together', async (subject) => {
    const config = subject.sandboxConfig();
    const made = await Promise.all(Array.from({ length: 8 }, () => subject.runtime.runSandbox(config, never)));
    expect(new Set(made.map(({ id }) => id))).to.have.property('size', 1);
    expect(made.map(({ state }) => state)).to.deep.equal(made.map(() => 'Ready'));
    expect(await subject.sandboxIds()).to.have.length(1);
  });

  checks.define('does not revive a sandbox whose first process is gone', async (subject) => {
    const config = subject.sandboxConfig();
    const sandbox = await subject.runtime.runSandbox(config, never);
    await subject.runtime.stopSandbox(sandbox.id, never);
    expect(await subject.runtime.runSandbox(config, never)).to.include({ id: sandbox.id, state: 'NotReady' });
  });

  checks.define('gives back the container of a sandbox, name and attempt, and finishes it', async (subject) => {
    const sandbox = await subject.sandbox();
    const id = await subject.create(sandbox);
    expect(await subject.create(sandbox)).to.equal(id);
    await subject.runtime.startContainer(id, never);
    await subject.runtime.startContainer(id, never);
    const { pid } = await subject.status(id);
    expect(await subject.create(sandbox)).to.equal(id);
    expect((await subject.status(id)).pid).to.equal(pid);
    const [other, next] = [await subject.create(sandbox, { name: 'other' }), await subject.create(sandbox, { attempt: 1 })];
    expect(await subject.containerIds()).to.deep.equal([id, other, next].sort());
  });

  checks.define('finds everything again after a restart of the agent, and restarts nothing', async (subject) => {
    const config = subject.sandboxConfig();
    const sandbox = await subject.runtime.runSandbox(config, never);
    const id = await subject.run({}, sandbox);
    const before = await subject.status(id);
    const again = await subject.given.reopen();
    expect(await again.listSandboxes(never)).to.deep.equal([sandbox]);
    expect(await again.listContainers(never)).to.deep.equal([before]);
    expect(await again.runSandbox(config, never)).to.deep.equal(sandbox);
    expect(await again.createContainer(sandbox.id, await subject.config(), never)).to.equal(id);
    await again.startContainer(id, never);
    expect(await subject.status(id)).to.deep.equal(before);
  });

  checks.define(`runs ${many} pods at once, and removes them at once`, async (subject) => {
    const image = await subject.config();
    const ids = await Promise.all(Array.from({ length: many }, async () => {
      const sandbox = await subject.sandbox();
      const id = await subject.runtime.createContainer(sandbox.id, image, never);
      await subject.runtime.startContainer(id, never);
      return id;
    }));
    expect(await subject.containerIds()).to.deep.equal([...ids].sort());
    expect((await subject.runtime.listContainers(never)).map(({ state }) => state)).to.deep.equal(ids.map(() => 'Running'));
    await Promise.all((await subject.sandboxIds()).map((id) => subject.runtime.removeSandbox(id, never)));
    expect(await subject.sandboxIds()).to.deep.equal([]);
    expect(await subject.containerIds()).to.deep.equal([]);
  });

  checks.define('removes a sandbox twice at the same time', async (subject) => {
    const sandbox = await subject.sandbox();
    await subject.run({}, sandbox);
    await Promise.all([1, 2, 3].map(() => subject.runtime.removeSandbox(sandbox.id, never)));
    expect(await subject.sandboxIds()).to.deep.equal([]);
    expect(await subject.containerIds()).to.deep.equal([]);
  });
}
