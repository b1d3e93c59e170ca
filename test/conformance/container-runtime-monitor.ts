import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { eventually } from '#test/fixtures/eventually.ts';
import type { ContainerEvent } from '#core/spi/container-runtime.ts';
import { type Checks, collected, expectFailure, never } from './container-runtime-subject.ts';

export function monitorChecks(checks: Checks): void {
  checks.define('tells its name and version', async (subject) => {
    const { name, version, apiVersion } = await subject.runtime.version(never);
    expect(name).to.match(/^[a-z][a-z0-9+.-]*$/);
    expect(version).to.match(/\d/);
    expect(apiVersion).to.match(/\d/);
    expect(existsSync(await subject.runtime.imageFileSystem(never)), 'the file system of images is there').to.equal(true);
  });

  checks.define('measures what runs', async (subject) => {
    const id = await subject.script('dd if=/dev/zero of=/tmp/data bs=1M count=3 2>/dev/null; i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done; sleep 1000');
    const ended = await subject.script('true');
    await subject.ended(ended);
    await eventually(async () => (await subject.lines(id)).length > 0, 'the work of the container', 60_000);
    const usages = await subject.runtime.usage(never);
    expect(usages.map((usage) => usage.id)).to.deep.equal([id]);
    const [usage] = usages;
    expect(usage?.time).to.be.within(Date.now() - 10_000, Date.now() + 1000);
    expect(Number(usage?.cpuNanoseconds)).to.be.within(1e7, 6e10);
    expect(Number(usage?.memoryWorkingSet)).to.be.within(1, Number(usage?.memoryUsage));
    if (usage?.writableLayer !== undefined) expect(Number(usage.writableLayer)).to.be.within(3 * 1024 * 1024, 4 * 1024 * 1024);
    await subject.runtime.stopContainer(id, 0, never);
    expect(await subject.runtime.usage(never)).to.deep.equal([]);
  });

  checks.define('tells what happens to containers of this node', async (subject) => {
    const stop = new AbortController();
    const came: ContainerEvent[] = [];
    const done = (async () => {
      for await (const event of subject.runtime.events(stop.signal)) came.push(event);
    })();
    const probe = subject.sandboxConfig();
    // Only what happens while it watches comes.
    for (let attempt = 0; came.length === 0; attempt += 1) {
      const sandbox = await subject.runtime.runSandbox({ ...probe, attempt }, never);
      await subject.runtime.removeSandbox(sandbox.id, never);
    }
    const sandbox = await subject.sandbox();
    const id = await subject.script('exit 1', {}, sandbox);
    await subject.ended(id);
    await subject.runtime.removeContainer(id, never);
    await eventually(() => came.some(({ kind, containerId }) => kind === 'Deleted' && containerId === id), 'the event of the removal', 10_000);
    expect(came.filter(({ containerId }) => containerId === id)).to.deep.equal(['Created', 'Started', 'Stopped', 'Deleted'].map((kind) => ({ kind, containerId: id, podUid: sandbox.pod.uid })));
    expect(came.some(({ kind, containerId }) => kind === 'Started' && containerId === sandbox.id), 'events of the sandbox').to.equal(true);
    stop.abort();
    await done;
  });

  checks.define('gives up with the signal', async (subject) => {
    await expectFailure(subject.runtime.listContainers(AbortSignal.abort()), 'Unavailable');
    await expectFailure(subject.runtime.version(AbortSignal.abort()), 'Unavailable');
    expect(await collected(subject.runtime.events(AbortSignal.abort()))).to.deep.equal([]);
  });
}
