import { expect } from 'chai';
import type { ContainerConfig } from '#core/spi/container-runtime.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { containerOptions, type SandboxSide, updateOptions } from './container-options.ts';

const security = { privileged: false, supplementalGroups: [], readOnlyRootFilesystem: false, noNewPrivileges: false, capabilities: { add: [], drop: [] }, seccomp: 'runtime/default' };
const config: ContainerConfig = {
  name: 'main', attempt: 0, imageId: 'sha256:1', image: 'web:1', env: [], mounts: [], devices: [], resources: {}, security, stdin: false, stdinOnce: false, tty: false, labels: {},
};
const sandbox: SandboxSide = { id: 'pause', sharedPid: false, hostPid: false, hostIpc: false, cgroupParent: undefined, lowestOomScore: -1000 };
const host = (change: Partial<ContainerConfig>, side: Partial<SandboxSide> = {}): Record<string, unknown> => ({ ...containerOptions({ ...config, ...change }, { ...sandbox, ...side }).HostConfig });

describe('options of containers', () => {
  it('leave to the image what nobody says', () => {
    const options = containerOptions({ ...config, command: [], args: [] }, sandbox);
    expect(options).not.to.have.any.keys('Entrypoint', 'Cmd', 'WorkingDir', 'User', 'StopSignal');
    expect(options).to.deep.include({ Image: 'sha256:1', Env: [], Healthcheck: { Test: ['NONE'] } });
    expect(options.HostConfig).not.to.have.any.keys('Memory', 'CpuShares', 'PidsLimit', 'OomScoreAdj', 'MaskedPaths', 'ReadonlyPaths', 'CgroupParent');
  });

  it('replace the entrypoint by the command, and the arguments by the arguments', () => {
    expect(containerOptions({ ...config, command: ['a'], args: ['b'] }, sandbox)).to.deep.include({ Entrypoint: ['a'], Cmd: ['b'] });
    expect(containerOptions({ ...config, args: ['b'] }, sandbox)).to.deep.include({ Cmd: ['b'] }).and.not.to.have.property('Entrypoint');
    expect(() => containerOptions({ ...config, command: [''] }, sandbox)).to.throw(ProviderError, 'empty word');
  });

  it('join the namespaces of the sandbox, the node or a target', () => {
    expect(host({})).to.include({ NetworkMode: 'container:pause', IpcMode: 'container:pause', PidMode: '' });
    expect(host({}, { sharedPid: true }).PidMode).to.equal('container:pause');
    expect(host({}, { sharedPid: true, hostPid: true, hostIpc: true })).to.include({ PidMode: 'host', IpcMode: 'host' });
    expect(host({ pidOfContainer: 'target' }, { sharedPid: true }).PidMode).to.equal('container:target');
    expect(host({}, { cgroupParent: '/kubepods' }).CgroupParent).to.equal('/kubepods');
  });

  it('pass propagation on', () => {
    const mount = { hostPath: '/a', containerPath: '/b', readOnly: false };
    const propagations = (['private', 'rslave', 'rshared'] as const).map((propagation) => ({ ...mount, propagation }));
    expect((host({ mounts: [mount, ...propagations] })['Mounts'] as { BindOptions: { Propagation: string } }[]).map(({ BindOptions }) => BindOptions.Propagation)).to.deep.equal(['rprivate', 'rprivate', 'rslave', 'rshared']);
  });

  it('limit swap with memory, and spare nobody whom the engine may not spare', () => {
    expect(host({ resources: { memoryLimit: 64 } })).to.include({ Memory: 64, MemorySwap: 64 });
    expect(host({ resources: { oomScoreAdj: -997 } }).OomScoreAdj).to.equal(-997);
    expect(host({ resources: { oomScoreAdj: -997 } }, { lowestOomScore: 0 }).OomScoreAdj).to.equal(0);
    expect(host({ resources: { oomScoreAdj: 1000 } }, { lowestOomScore: 0 }).OomScoreAdj).to.equal(1000);
  });

  it('say what has no limit when they change', () => {
    expect(updateOptions({ cpuShares: 2 })).to.deep.equal({ CpuShares: 2, CpuQuota: -1, CpuPeriod: 100_000, Memory: -1, MemorySwap: -1, PidsLimit: -1 });
  });

  it('name profiles as Docker does', () => {
    const options = (change: object): unknown => host({ security: { ...security, ...change } }).SecurityOpt;
    expect(options({})).to.deep.equal([]);
    expect(options({ noNewPrivileges: true, seccomp: 'unconfined', apparmorProfile: 'localhost/mine' })).to.deep.equal(['no-new-privileges', 'seccomp=unconfined', 'apparmor=mine']);
    expect(options({ seccomp: '{"defaultAction":"SCMP_ACT_ALLOW"}', apparmorProfile: 'unconfined' })).to.deep.equal(['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}', 'apparmor=unconfined']);
  });
});
