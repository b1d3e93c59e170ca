import { inUse, invalid, OperationError } from './api-error.ts';
import { deleteMethod, insertMethod, labelFields, readMethods, setLabelsMethod, type Creation, type Family } from './family.ts';
import { parseIp } from './ip.ts';
import { type Json, type Resource, textOf } from './json.ts';
import { checkLabels } from './labels.ts';
import { pathOfLink } from './links.ts';
import type { Call, Method } from './method.ts';
import { externalAddress, internalAddress, networkOf, subnetworkOf } from './networks.ts';

export const addresses: Family = { service: 'addresses', collection: 'addresses', parameter: 'address', scope: 'regions', kind: 'compute#address', noun: 'address', aggregated: ['global', 'regions'] };
export const globalAddresses: Family = { service: 'globalAddresses', collection: 'addresses', parameter: 'address', scope: 'global', kind: 'compute#address', noun: 'address' };

function createAddress(family: Family): (call: Call) => Creation {
  return (call) => {
    const { body } = call;
    const type = body['addressType'] ?? 'EXTERNAL';
    if (body['address'] !== undefined && parseIp(textOf(body['address'])) === undefined) throw invalid('resource.address', body['address'], 'The address is not a valid IPv4 address.');
    const fields = {
      addressType: type,
      ipVersion: body['ipVersion'],
      ...(type === 'INTERNAL' ? internalFields(call, family) : externalFields(call, family)),
      ...labelFields(checkLabels(body['labels'] ?? {}, 'resource.labels')),
    };
    return { fields, status: ['RESERVING', 'RESERVED'] };
  };
}

function externalFields({ cloud, body }: Call, family: Family): Json {
  if (body['subnetwork'] !== undefined) throw invalid('resource.subnetwork', body['subnetwork'], 'Only internal addresses have a subnetwork.');
  const tier = body['networkTier'] ?? 'PREMIUM';
  if (family.scope === 'global' && tier !== 'PREMIUM') throw invalid('resource.networkTier', tier, 'The network tier must be PREMIUM for global addresses.');
  const asked = body['address'];
  if (asked !== undefined && isUnused(cloud, textOf(asked))) throw invalid('resource.address', asked, 'Specified IP address is not in use by an instance or forwarding rule of the project.');
  return { address: asked ?? externalAddress(cloud), networkTier: tier };
}

/** An external address can be reserved by its number when something of the project has it already. */
function isUnused(cloud: Call['cloud'], address: string): boolean {
  return !cloud.resources.everywhere('forwardingRules').some((rule) => rule['IPAddress'] === address);
}

function internalFields(call: Call, family: Family): Json {
  const { cloud, project, parameters, body } = call;
  if (family.scope === 'global') {
    return { network: networkOf(cloud, project, 'resource.network', body['network']).selfLink, purpose: body['purpose'] ?? 'VPC_PEERING', prefixLength: body['prefixLength'], address: body['address'] ?? '10.200.0.0' };
  }
  const subnetwork = subnetworkOf(cloud, project, parameters['region'] ?? '', { field: 'resource.subnetwork', value: body['subnetwork'] });
  try {
    const asked = body['address'] === undefined ? undefined : textOf(body['address']);
    const address = asked !== undefined && isPromotable(cloud, subnetwork, asked) ? asked : internalAddress(cloud, subnetwork, asked);
    return { address, subnetwork: subnetwork.selfLink, purpose: body['purpose'] ?? 'GCE_ENDPOINT', networkTier: 'PREMIUM' };
  } catch (error) {
    if (error instanceof OperationError) throw invalid('resource.address', body['address'], error.message);
    throw error;
  }
}

/** An internal address that a forwarding rule has without its being reserved can be reserved while it is in use. */
function isPromotable(cloud: Call['cloud'], subnetwork: Resource, address: string): boolean {
  const isReserved = cloud.resources.everywhere('addresses').some((each) => each['address'] === address);
  return !isReserved && cloud.resources.everywhere('forwardingRules').some((rule) => rule['IPAddress'] === address && rule['subnetwork'] === subnetwork.selfLink);
}

function methodsOf(family: Family, labelsBody: string): readonly Method[] {
  return [
    ...readMethods(family),
    insertMethod(family, 'Address', createAddress(family)),
    deleteMethod(family, {
      check: ({ cloud }, path) => {
        const address = cloud.resources.get(path);
        const user = (address?.['users'] as readonly string[] | undefined)?.[0];
        if (user !== undefined) throw inUse('address', path, pathOfLink(user));
      },
    }),
    setLabelsMethod(family, labelsBody),
  ];
}

export const addressMethods: readonly Method[] = [...methodsOf(addresses, 'RegionSetLabelsRequest'), ...methodsOf(globalAddresses, 'GlobalSetLabelsRequest')];
