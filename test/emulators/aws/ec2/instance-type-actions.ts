import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Action } from '#test/emulators/aws/service.ts';
import type { XmlObject } from '#test/emulators/aws/xml.ts';
import { filtered, page, type Filters } from './describe.ts';
import { instanceTypes, type InstanceType } from './instance-types.ts';

function writeType(type: InstanceType): XmlObject {
  const nitro = type.hypervisor === 'nitro';
  return {
    instanceType: type.name, currentGeneration: true, freeTierEligible: type.name === 't3.micro', supportedUsageClasses: ['on-demand', 'spot'], supportedRootDeviceTypes: ['ebs'],
    supportedVirtualizationTypes: ['hvm'], bareMetal: false, hypervisor: type.hypervisor,
    processorInfo: { supportedArchitectures: [type.architecture] },
    vCpuInfo: { defaultVCpus: type.vcpus, defaultCores: Math.max(1, type.vcpus / (type.architecture === 'arm64' ? 1 : 2)), defaultThreadsPerCore: type.architecture === 'arm64' ? 1 : 2 },
    memoryInfo: { sizeInMiB: type.memoryMiB },
    instanceStorageSupported: false,
    ebsInfo: {
      ebsOptimizedSupport: nitro ? 'default' : 'unsupported', encryptionSupport: 'supported', nvmeSupport: nitro ? 'required' : 'unsupported',
      maximumEbsAttachments: type.attachmentLimit === 'shared' ? type.attachments + 1 : type.attachments, attachmentLimitType: type.attachmentLimit,
    },
    networkInfo: {
      networkPerformance: 'Up to 10 Gigabit', maximumNetworkInterfaces: type.interfaces, maximumNetworkCards: 1, defaultNetworkCardIndex: 0, ipv4AddressesPerInterface: type.addressesPerInterface,
      ipv6AddressesPerInterface: type.addressesPerInterface, ipv6Supported: true, enaSupport: nitro ? 'required' : 'unsupported', efaSupported: false,
    },
    placementGroupInfo: { supportedStrategies: ['partition', 'spread'] }, hibernationSupported: false, burstablePerformanceSupported: type.burstable, dedicatedHostsSupported: false,
    autoRecoverySupported: true, supportedBootModes: ['legacy-bios', 'uefi'],
  };
}

const filters: Filters<InstanceType & { readonly sequence: number; readonly tags?: undefined }> = {
  'bare-metal': () => false,
  'burstable-performance-supported': (type) => type.burstable,
  'current-generation': () => true,
  'ebs-info.nvme-support': ({ hypervisor }) => (hypervisor === 'nitro' ? 'required' : 'unsupported'),
  hypervisor: ({ hypervisor }) => hypervisor,
  'instance-type': ({ name }) => name,
  'memory-info.size-in-mib': ({ memoryMiB }) => memoryMiB,
  'processor-info.supported-architecture': ({ architecture }) => architecture,
  'supported-usage-class': () => ['on-demand', 'spot'],
  'vcpu-info.default-vcpus': ({ vcpus }) => vcpus,
};

const describeTypes: Action = ({ params }) => {
  const names = params.texts('InstanceType');
  const unknown = names.filter((name) => !instanceTypes.has(name));
  if (unknown.length > 0) throw new ApiError('InvalidInstanceType', `The following supplied instance types do not exist: [${unknown.join(', ')}]`);
  if (names.length > 0 && params.has('MaxResults')) throw new ApiError('InvalidParameterCombination', 'The parameter InstanceTypes cannot be used with the parameter MaxResults');
  const rows = [...instanceTypes.values()].map((type, index) => ({ ...type, sequence: index + 1 })).filter(({ name }) => names.length === 0 || names.includes(name));
  const { rows: shown, nextToken } = page(params, filtered(params, rows, filters), [5, 100], 100);
  return { instanceTypeSet: shown.map(writeType), nextToken };
};

export const instanceTypeActions: Readonly<Record<string, Action>> = { DescribeInstanceTypes: describeTypes };
