import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Checks, expectFailure, never, plain, type Subject } from './container-runtime-subject.ts';

const capability = { chown: 0n, netBindService: 10n, netAdmin: 12n, netRaw: 13n } as const;

/** Whether the first process of a container has it in its effective set. */
async function has(subject: Subject, security: Partial<typeof plain>, bit: bigint): Promise<boolean> {
  const output = await subject.output('grep CapEff /proc/self/status', { security: { ...plain, ...security } });
  return ((BigInt(`0x${output.split(/\s+/)[1] ?? '0'}`) >> bit) & 1n) === 1n;
}

export function isolationChecks(checks: Checks): void {
  checks.define('runs as the user and groups that are asked for', async (subject) => {
    expect(await subject.output('id -u; id -g; id -G', { security: { ...plain, user: '1234:99', supplementalGroups: [7, 8888] } })).to.equal('1234\n99\n99 7 8888\n');
    expect(await subject.output('id -u', { security: { ...plain, user: '1000' } })).to.equal('1000\n');
  });

  checks.define('adds and drops capabilities', async (subject) => {
    expect(await has(subject, {}, capability.netAdmin), 'NET_ADMIN by default').to.equal(false);
    expect(await has(subject, { capabilities: { add: ['NET_ADMIN'], drop: ['CHOWN'] } }, capability.netAdmin)).to.equal(true);
    expect(await has(subject, { capabilities: { add: ['NET_ADMIN'], drop: ['CHOWN'] } }, capability.chown)).to.equal(false);
    expect(await has(subject, { capabilities: { add: ['NET_RAW'], drop: ['ALL'] } }, capability.netRaw)).to.equal(true);
    expect(await has(subject, { capabilities: { add: ['NET_RAW'], drop: ['ALL'] } }, capability.netBindService)).to.equal(false);
  });

  checks.define('keeps new privileges away', async (subject) => {
    const seen = (noNewPrivileges: boolean): Promise<string> => subject.output('grep NoNewPrivs /proc/self/status | cut -f2', { security: { ...plain, noNewPrivileges } });
    expect(await seen(true)).to.equal('1\n');
    expect(await seen(false)).to.equal('0\n');
  });

  checks.define('makes the root file system read-only', async (subject) => {
    const write = (readOnlyRootFilesystem: boolean): Promise<string> => subject.output('touch /x 2>/dev/null && echo written || echo refused', { security: { ...plain, readOnlyRootFilesystem } });
    expect(await write(true)).to.equal('refused\n');
    expect(await write(false)).to.equal('written\n');
  });

  checks.define('filters system calls by the default profile, none, or one that is given', async (subject) => {
    const mode = (seccomp: string): Promise<string> => subject.output('grep "^Seccomp:" /proc/self/status | cut -f2', { security: { ...plain, seccomp } });
    expect(await mode('runtime/default')).to.equal('2\n');
    expect(await mode('unconfined')).to.equal('0\n');
    const profile = JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }] });
    const output = await subject.output('mkdir /tmp/x 2>/dev/null && echo made || echo refused; touch /tmp/y && echo made', { security: { ...plain, seccomp: profile } });
    expect(output).to.equal('refused\nmade\n');
  });

  checks.define('hides paths of /proc unless told not to', async (subject) => {
    const covered = async (security: Partial<typeof plain>): Promise<number> => Number(await subject.output('grep -c " /proc/" /proc/mounts; true', { security: { ...plain, ...security } }));
    expect(await covered({})).to.be.greaterThan(3);
    expect(await covered({ maskedPaths: [], readonlyPaths: [] })).to.equal(0);
    expect(await covered({ maskedPaths: ['/proc/version'], readonlyPaths: [] })).to.equal(1);
  });

  checks.define('gives a privileged container the devices of the machine', async (subject, skip) => {
    const security = { privileged: true, seccomp: 'unconfined' };
    const devices = async (text: string): Promise<number> => Number(await subject.output(text, { security: { ...plain, ...security } }));
    const all = await devices('ls /dev | wc -l').catch((error: unknown) => (String(error).includes('unable to apply caps') ? skip('the engine itself lacks capabilities') : Promise.reject(error)));
    expect(all).to.be.greaterThan(Number(await subject.output('ls /dev | wc -l')));
    expect(await has(subject, security, capability.netAdmin)).to.equal(true);
  });

  checks.define('limits memory, processor and processes', async (subject) => {
    const id = await subject.run({ resources: { memoryLimit: 64 * 1024 * 1024, cpuQuota: 50_000, cpuPeriod: 100_000, cpuShares: 512, pidsLimit: 40, oomScoreAdj: 321 } });
    const read = async (v1: string, v2: string): Promise<string> => (await subject.sh(id, `cat /sys/fs/cgroup/${v1} 2>/dev/null || cat /sys/fs/cgroup/${v2}`)).stdout.trim();
    expect(await read('memory/memory.limit_in_bytes', 'memory.max')).to.equal(String(64 * 1024 * 1024));
    expect(await read('pids/pids.max', 'pids.max')).to.equal('40');
    expect(await read('cpu/cpu.cfs_quota_us', 'cpu.max')).to.match(/^50000/);
    expect((await subject.sh(id, 'cat /proc/1/oom_score_adj')).stdout).to.equal('321\n');
    await subject.runtime.updateResources(id, { memoryLimit: 96 * 1024 * 1024, cpuQuota: 25_000, cpuPeriod: 100_000 }, never);
    expect(await read('memory/memory.limit_in_bytes', 'memory.max')).to.equal(String(96 * 1024 * 1024));
    expect(await read('cpu/cpu.cfs_quota_us', 'cpu.max')).to.match(/^25000/);
    expect(await read('pids/pids.max', 'pids.max')).to.equal('max');
  });

  checks.define('says that the memory limit killed it', async (subject) => {
    const id = await subject.script('exec tail -c 200m /dev/zero', { resources: { memoryLimit: 16 * 1024 * 1024 } });
    expect(await subject.ended(id)).to.include({ exitCode: 137, oomKilled: true });
  });

  checks.define('joins the process namespace of a target', async (subject) => {
    const sandbox = await subject.sandbox();
    const target = await subject.run({ name: 'target', command: ['sleep', '4321'] }, sandbox);
    const debug = await subject.run({ name: 'debug', pidOfContainer: target }, sandbox);
    expect((await subject.sh(debug, 'ps')).stdout).to.contain('sleep 4321');
  });

  checks.define('mounts folders and files, read-only where asked, at odd paths too', async (subject) => {
    const folder = await mkdtemp(join(tmpdir(), 'keelson-runtime-'));
    try {
      const odd = join(folder, 'a:b, c"d');
      await mkdir(odd);
      await writeFile(join(odd, 'file'), 'content');
      await writeFile(join(folder, 'hosts'), '127.0.0.1 localhost\n10.9.8.7 me\n');
      const mounts = [
        { hostPath: odd, containerPath: '/mnt/x:y z', readOnly: false }, { hostPath: odd, containerPath: '/mnt/ro', readOnly: true },
        { hostPath: join(folder, 'hosts'), containerPath: '/etc/hosts', readOnly: false },
      ];
      const script = 'cat "/mnt/x:y z/file"; echo more > "/mnt/x:y z/new"; cat /mnt/ro/new; touch /mnt/ro/z 2>/dev/null || echo refused; tail -n1 /etc/hosts';
      expect(await subject.output(script, { mounts })).to.equal('contentmore\nrefused\n10.9.8.7 me\n');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  checks.define('passes devices on, with the permissions that are asked for', async (subject, skip) => {
    const hostPath = ['/dev/fuse', '/dev/loop-control'].find((path) => existsSync(path)) ?? skip('the machine has no device to pass on');
    const open = (permissions: string): Promise<string> => subject.output('(exec 3</dev/mine) 2>/dev/null && echo opened || echo refused', { devices: [{ hostPath, containerPath: '/dev/mine', permissions }] });
    expect(await open('rw')).to.equal('opened\n');
    expect(await open('m')).to.equal('refused\n');
  });

  checks.define('refuses a seccomp profile that is none', async (subject) => {
    const sandbox = await subject.sandbox();
    const made = subject.run({ security: { ...plain, seccomp: '{"defaultAction": 5' } }, sandbox);
    await expectFailure(made, 'Invalid');
  });
}
