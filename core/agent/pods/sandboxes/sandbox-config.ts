import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { kernelHostname } from '#core/agent/dns/pod-hostname.ts';
import { sandboxLabels } from '#core/agent/pods/runtime/labels.ts';
import type { SandboxConfig } from '#core/spi/container-runtime.ts';
import { portMappings } from './port-mappings.ts';

const mode = (ofNode: boolean | undefined): 'pod' | 'node' => (ofNode === true ? 'node' : 'pod');

/** @throws {RangeError} when the host name is longer than the kernel takes */
export function sandboxConfig(pod: Pod, attempt: number, clusterDomain: string): SandboxConfig {
  const { metadata: { namespace = '', name, uid }, spec } = pod;
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace = false, securityContext = {} } = spec;
  return {
    pod: { namespace, name, uid },
    attempt,
    hostname: hostNetwork === true ? '' : kernelHostname(pod, clusterDomain),
    namespaces: { network: mode(hostNetwork), pid: mode(hostPID), ipc: mode(hostIPC) },
    sharedPid: shareProcessNamespace,
    sysctls: Object.fromEntries((securityContext.sysctls ?? []).map(({ name: key, value }) => [key.replaceAll('/', '.'), value])),
    labels: sandboxLabels(pod, { usesPodNetwork: hostNetwork !== true, portMappings: portMappings(pod) }),
  };
}
