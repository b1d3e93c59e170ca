import { expect } from 'chai';
import { type Checks, collected, expectFailure, hostileIds, never } from './container-runtime-subject.ts';

export function containerChecks(checks: Checks): void {
  checks.define('creates, starts and ends a container, and tells each step', async (subject) => {
    const sandbox = await subject.sandbox();
    const config = await subject.config({ name: 'job', attempt: 2, command: ['/bin/sh', '-c', 'exit 7'], labels: { a: '1', 'x/y': 'z' } });
    const id = await subject.runtime.createContainer(sandbox.id, config, never);
    const created = await subject.status(id);
    expect(created).to.deep.include({ id, sandboxId: sandbox.id, name: 'job', attempt: 2, state: 'Created', image: config.image, imageId: config.imageId, labels: config.labels });
    for (const member of ['startedAt', 'finishedAt', 'exitCode', 'pid', 'error']) expect(created).not.to.have.property(member);
    await subject.runtime.startContainer(id, never);
    const ended = await subject.ended(id);
    expect(ended).to.deep.include({ state: 'Exited', exitCode: 7, oomKilled: false }).and.not.to.have.property('pid');
    expect(ended.startedAt).to.be.at.least(created.createdAt);
    expect(ended.finishedAt).to.be.at.least(ended.startedAt ?? NaN);
    expect(await subject.runtime.listContainers(never)).to.deep.equal([ended]);
  });

  checks.define('shows a container that runs with its process, in the list as alone', async (subject) => {
    const id = await subject.run();
    const status = await subject.status(id);
    expect(status).to.include({ state: 'Running' }).and.not.to.have.any.keys('exitCode', 'finishedAt');
    expect(status.pid).to.be.greaterThan(1);
    expect(await subject.runtime.listContainers(never)).to.deep.equal([status]);
  });

  checks.define('replaces entrypoint and arguments as Kubernetes says', async (subject) => {
    expect(await subject.output('', { command: ['echo', 'a'] })).to.equal('a\n');
    expect(await subject.output('', { command: ['echo'], args: ['$HOME', 'b c'] })).to.equal('$HOME b c\n');
    // The image has arguments and no entrypoint: they are replaced.
    const { command: _none, ...config } = await subject.config({ args: ['echo', 'd'] });
    const sandbox = await subject.sandbox();
    const id = await subject.runtime.createContainer(sandbox.id, config, never);
    await subject.runtime.startContainer(id, never);
    await subject.ended(id);
    expect((await subject.lines(id)).map(({ content }) => content.toString())).to.deep.equal(['d\n']);
  });

  checks.define('runs what the image says when nothing else is said', async (subject) => {
    const { command: _none, ...config } = await subject.config();
    const id = await subject.runtime.createContainer((await subject.sandbox()).id, config, never);
    await subject.runtime.startContainer(id, never);
    expect((await subject.status(id)).state).to.equal('Running');
  });

  checks.define('sets variables and the working directory', async (subject) => {
    const env = [{ name: 'A', value: 'x=y z' }, { name: 'EMPTY', value: '' }, { name: 'UNICODE', value: 'é\n"$A"' }];
    expect(await subject.output('printf "%s|%s|%s|%s" "$A" "${EMPTY-unset}" "$UNICODE" "$PWD"', { env, workingDir: '/tmp' })).to.equal('x=y z||é\n"$A"|/tmp');
  });

  checks.define('stops with the stop signal within the grace, and kills after it', async (subject) => {
    const polite = await subject.script('trap "exit 3" TERM; while :; do sleep 0.02; done');
    const deaf = await subject.script('trap "" TERM; while :; do sleep 0.02; done');
    const quit = await subject.script('trap "exit 4" QUIT; trap "" TERM; while :; do sleep 0.02; done', { stopSignal: 'SIGQUIT' });
    await subject.sh(deaf, 'sleep 0.2');
    const begun = performance.now();
    await Promise.all([polite, quit].map((id) => subject.runtime.stopContainer(id, 20_000, never)));
    expect(performance.now() - begun, 'milliseconds for those that listen').to.be.lessThan(10_000);
    expect((await subject.status(polite)).exitCode).to.equal(3);
    expect((await subject.status(quit)).exitCode).to.equal(4);
    await subject.runtime.stopContainer(deaf, 300, never);
    expect(await subject.status(deaf)).to.include({ state: 'Exited', exitCode: 137 });
    await subject.runtime.stopContainer(deaf, 1000, never);
  });

  checks.define('kills at once without a grace', async (subject) => {
    const id = await subject.script('trap "exit 3" TERM; while :; do sleep 0.02; done');
    await subject.sh(id, 'sleep 0.1');
    await subject.runtime.stopContainer(id, 0, never);
    expect(await subject.status(id)).to.include({ state: 'Exited', exitCode: 137 });
  });

  checks.define('shortens a grace that is running', async (subject) => {
    const id = await subject.script('trap "" TERM; while :; do sleep 0.02; done');
    await subject.sh(id, 'sleep 0.1');
    const begun = performance.now();
    const long = subject.runtime.stopContainer(id, 60_000, never);
    await subject.runtime.stopContainer(id, 0, never);
    await long;
    expect(performance.now() - begun).to.be.lessThan(30_000);
    expect((await subject.status(id)).state).to.equal('Exited');
  });

  checks.define('refuses to remove a container that runs, and removes one that has ended', async (subject) => {
    const id = await subject.run();
    await expectFailure(subject.runtime.removeContainer(id, never), 'Invalid');
    expect((await subject.status(id)).state).to.equal('Running');
    await subject.runtime.stopContainer(id, 0, never);
    await subject.runtime.removeContainer(id, never);
    await subject.runtime.removeContainer(id, never);
    expect(await subject.containerIds()).to.deep.equal([]);
    await expectFailure(subject.status(id), 'NotFound');
  });

  checks.define('does not start again what has ended', async (subject) => {
    const id = await subject.script('exit 5');
    const ended = await subject.ended(id);
    await expectFailure(subject.runtime.startContainer(id, never), 'Invalid');
    expect(await subject.status(id)).to.deep.equal(ended);
  });

  for (const [title, command, exitCode] of [['a program that is not there', ['/no/such/program'], 127], ['a program that may not be run', ['/etc/passwd'], 126]] as const) {
    checks.define(`keeps the error of a start: ${title}`, async (subject) => {
      const id = await subject.create(await subject.sandbox(), { command: [...command] });
      const failure = await expectFailure(subject.runtime.startContainer(id, never), 'Invalid');
      expect(failure.message).to.contain(command[0]);
      const status = await subject.status(id);
      expect([exitCode, 128]).to.include(status.exitCode);
      expect(status).to.include({ state: 'Exited' }).and.not.to.have.property('startedAt');
      expect(status.error).to.contain(command[0]);
      await subject.runtime.removeContainer(id, never);
      expect(await subject.containerIds()).to.deep.equal([]);
    });
  }

  checks.define('refuses a mount whose source is not there, and makes nothing', async (subject) => {
    const sandbox = await subject.sandbox();
    await expectFailure(subject.create(sandbox, { mounts: [{ hostPath: '/no/such/folder', containerPath: '/data', readOnly: false }] }), 'Invalid');
    expect(await subject.containerIds()).to.deep.equal([]);
  });

  checks.define('refuses an image that is not there', async (subject) => {
    const sandbox = await subject.sandbox();
    await expectFailure(subject.create(sandbox, { imageId: `sha256:${'0'.repeat(64)}` }), 'NotFound');
    expect(await subject.containerIds()).to.deep.equal([]);
  });

  checks.define('takes a hostile id for a container that is not there', async (subject) => {
    const id = await subject.run();
    const { runtime } = subject;
    for (const hostile of hostileIds) {
      await runtime.stopContainer(hostile, 0, never);
      await runtime.removeContainer(hostile, never);
      await expectFailure(runtime.containerStatus(hostile, never), 'NotFound');
      await expectFailure(runtime.startContainer(hostile, never), 'NotFound');
      await expectFailure(runtime.updateResources(hostile, {}, never), 'NotFound');
      await expectFailure(runtime.execSync(hostile, ['true'], 1000, never), 'NotFound');
      await expectFailure(runtime.attach(hostile, { stdin: false, stdout: true, stderr: false, tty: false }, never), 'NotFound');
      await expectFailure(collected(runtime.logs(hostile, { follow: false }, never)), 'NotFound');
    }
    expect((await subject.status(id)).state).to.equal('Running');
  });
}
