import type { NodeSystemInfo } from '#core/api/schema/core-v1/node.ts';
import type { RuntimeVersion } from '#core/spi/container-runtime.ts';
import type { Machine } from './machine.ts';

/** Node's names of processors in the words of Go, which Kubernetes uses. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le', loong64: 'loong64' };

export const architecture = (arch: string = process.arch): string => architectures[arch] ?? arch;

export interface NodeInfoOptions {
  readonly kubeletVersion: string;
  /** Undefined while the runtime cannot be asked. */
  readonly runtime: RuntimeVersion | undefined;
  /** Bytes. */
  readonly swap: bigint;
}

/** The machine and its software. What the machine does not tell is empty. */
export async function readNodeInfo(machine: Machine, { kubeletVersion, runtime, swap }: NodeInfoOptions): Promise<NodeSystemInfo> {
  const line = async (path: string): Promise<string> => ((await machine.readText(path)) ?? '').trim();
  const [machineID, dmi, bootID, release] = await Promise.all([
    line('/etc/machine-id').then((id) => id || line('/var/lib/dbus/machine-id')), line('/sys/class/dmi/id/product_uuid'),
    line('/proc/sys/kernel/random/boot_id'), line('/etc/os-release'),
  ]);
  return {
    machineID, systemUUID: dmi || machineID, bootID, kernelVersion: machine.kernelVersion(), osImage: prettyName(release),
    containerRuntimeVersion: runtime === undefined ? '' : `${runtime.name}://${runtime.version}`, kubeletVersion, kubeProxyVersion: '',
    operatingSystem: process.platform === 'win32' ? 'windows' : process.platform, architecture: architecture(),
    ...(swap > 0n ? { swap: { capacity: Number(swap) } } : {}),
  };
}

function prettyName(release: string): string {
  const [, quoted, plain] = /^PRETTY_NAME=(?:"((?:[^"\\\n]|\\.)*)"|([^\s"]*))$/m.exec(release) ?? [];
  return quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '';
}
