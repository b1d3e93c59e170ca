import { expect } from 'chai';
import { execa } from 'execa';
import { root, Sandbox, stopWithinMs, until } from './harness.ts';

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** npm and a shell stand between the one who types the command and the server. */
describe('npm start', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.make();
  });
  after(() => sandbox.remove());

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`passes the flags on, and ends with the server when it gets ${signal}`, async () => {
      const npm = execa('npm', ['start', '--', '--data-dir', sandbox.dataDir, '--port', '0', '--store', 'memory', '--nodes', '0'], {
        cwd: root, env: { HOME: sandbox.home }, reject: false, stdin: 'ignore', buffer: false,
      });
      let output = '';
      npm.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      await until(() => output.includes('Ctrl-C'), 'the summary', 20_000);
      const { stdout } = await execa('pgrep', ['--full', `up --data-dir ${sandbox.dataDir}`], { reject: false });
      const servers = stdout.split('\n').map(Number).filter((pid) => pid > 0 && pid !== npm.pid);
      expect(servers).not.to.deep.equal([]);
      npm.kill(signal);
      await until(() => !servers.some(isAlive), 'the server to end', stopWithinMs);
      await npm;
    }).timeout(40_000);
  }
});
