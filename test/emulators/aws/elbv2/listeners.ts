import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Params } from '#test/emulators/aws/params.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { Balancer, Forward, Listener } from '#test/emulators/aws/rows.ts';
import type { Action } from '#test/emulators/aws/service.ts';
import type { XmlObject } from '#test/emulators/aws/xml.ts';
import { usualListenerAttributes } from './attribute-rules.ts';
import { checkCertificate } from './listener-certificates.ts';
import { balancerOf, checkArn, listenerOf, listenersTo, pageOf, targetGroupOf, validation } from './names.ts';
import { readTags } from './tags.ts';

/** Of a listener, and of the groups that it can send to. */
const protocols: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  network: { TCP: ['TCP', 'TCP_UDP'], TLS: ['TCP', 'TLS'], UDP: ['UDP', 'TCP_UDP'], TCP_UDP: ['TCP_UDP'] },
  application: { HTTP: ['HTTP', 'HTTPS'], HTTPS: ['HTTP', 'HTTPS'] },
};
const secure = new Set(['TLS', 'HTTPS']);
const alpnPolicies = new Set(['HTTP1Only', 'HTTP2Only', 'HTTP2Optional', 'HTTP2Preferred', 'None']);
const usualPolicy = 'ELBSecurityPolicy-2016-08';

type Settings = Pick<Listener, 'protocol' | 'port' | 'forwards' | 'sslPolicy' | 'certificates' | 'alpn'>;

function writeListener(listener: Listener): XmlObject {
  const [only] = listener.forwards;
  const groups = listener.forwards.map(({ targetGroupArn, weight }) => ({ TargetGroupArn: targetGroupArn, Weight: weight }));
  return {
    ListenerArn: listener.id, LoadBalancerArn: listener.balancerArn, Port: listener.port, Protocol: listener.protocol, SslPolicy: listener.sslPolicy,
    Certificates: listener.certificates.length === 0 ? undefined : listener.certificates.slice(0, 1).map((arn) => ({ CertificateArn: arn })), AlpnPolicy: listener.alpn.length === 0 ? undefined : listener.alpn,
    DefaultActions: [{ Type: 'forward', TargetGroupArn: groups.length === 1 ? only?.targetGroupArn : undefined, ForwardConfig: { TargetGroups: groups } }],
  };
}

/** What is asked for, over what there was. */
function wantedSettings(region: Region, balancer: Balancer, params: Params, old?: Listener): Settings {
  const { protocol, port } = entryOf(params, old);
  const known = protocols[balancer.type] ?? {};
  const sendsTo = Object.hasOwn(known, protocol) ? known[protocol] : undefined;
  if (sendsTo === undefined) throw validation(`Listener protocol '${protocol}' must be one of '${Object.keys(known).join(', ')}'`);
  const forwards = params.has('DefaultActions') ? forwardsOf(params.structs('DefaultActions')) : old?.forwards ?? [];
  for (const { targetGroupArn } of forwards) checkGroup(region, balancer, targetGroupArn, sendsTo);
  checkUniqueGroups(region, balancer, forwards);
  return { protocol, port, forwards, ...(secure.has(protocol) ? secured(params, protocol, old) : plain(params, protocol)) };
}

function entryOf(params: Params, old: Listener | undefined): Pick<Settings, 'protocol' | 'port'> {
  const protocol = params.text('Protocol') ?? old?.protocol;
  const port = params.number('Port') ?? old?.port;
  if (protocol === undefined) throw validation('A listener protocol must be specified');
  if (port === undefined) throw validation('A listener port must be specified');
  return { protocol, port };
}

function forwardsOf(actions: readonly Params[]): Forward[] {
  const [action] = actions;
  if (action === undefined || actions.length > 1) throw new ApiError('TooManyActions', 'You have reached the limit on the number of actions per rule');
  if (action.text('Type') !== 'forward') throw new ApiError('InvalidLoadBalancerAction', `The emulator has no action of type '${action.text('Type')}'`);
  const only = action.text('TargetGroupArn');
  const several = action.struct('ForwardConfig')?.structs('TargetGroups').map((group) => ({ targetGroupArn: group.text('TargetGroupArn') ?? '', weight: group.number('Weight') ?? 1 })) ?? [];
  if (several.length > 5) throw new ApiError('TooManyTargetGroups', 'The maximum number of target groups per action is 5');
  if (only === undefined && several.length === 0) throw validation('A target group ARN must be specified');
  if (only === undefined) return several;
  if (several.some(({ targetGroupArn }) => targetGroupArn !== only)) throw validation('You cannot specify both a target group and a list of others');
  return several.length > 0 ? several : [{ targetGroupArn: only, weight: 1 }];
}

function checkGroup(region: Region, balancer: Balancer, arn: string, allowed: readonly string[]): void {
  const group = targetGroupOf(region, arn);
  if (group.vpcId !== balancer.vpcId) throw new ApiError('InvalidConfigurationRequest', `The target group '${arn}' is not in the VPC of the load balancer`);
  if (!allowed.includes(group.protocol)) throw new ApiError('IncompatibleProtocols', `The target group '${arn}' has the protocol ${group.protocol}, which the listener cannot send to`);
  const elsewhere = listenersTo(region, arn).some(({ balancerArn }) => balancerArn !== balancer.id);
  if (elsewhere) throw new ApiError('TargetGroupAssociationLimit', `The following target groups cannot be associated with more than one load balancer: ${arn}`);
}

function checkUniqueGroups(region: Region, balancer: Balancer, forwards: readonly Forward[]): void {
  const others = [...region.listeners.rows()].filter(({ balancerArn }) => balancerArn === balancer.id).flatMap((listener) => listener.forwards);
  const unique = new Set([...others, ...forwards].map(({ targetGroupArn }) => targetGroupArn));
  if (unique.size > region.world.quota('groupsPerBalancer')) throw new ApiError('TooManyUniqueTargetGroupsPerLoadBalancer', 'The maximum number of unique target groups per load balancer has been reached');
}

type Security = Pick<Listener, 'sslPolicy' | 'certificates' | 'alpn'>;

function plain(params: Params, protocol: string): Security {
  if (params.has('Certificates') || params.has('SslPolicy') || params.has('AlpnPolicy')) throw validation(`Certificates, security policies and ALPN policies are for secure listeners, not for ${protocol}`);
  return { sslPolicy: undefined, certificates: [], alpn: [] };
}

function secured(params: Params, protocol: string, old: Listener | undefined): Security {
  const sslPolicy = params.text('SslPolicy') ?? old?.sslPolicy ?? usualPolicy;
  if (!/^ELBSecurityPolicy-[\w-]+$/.test(sslPolicy)) throw new ApiError('SSLPolicyNotFound', `SSL policy '${sslPolicy}' not found`);
  return { sslPolicy, certificates: certificatesOf(params, protocol, old?.certificates ?? []), alpn: params.has('AlpnPolicy') ? checkedAlpn(params.texts('AlpnPolicy')) : old?.alpn ?? [] };
}

/** A new default certificate, before those that were added. */
function certificatesOf(params: Params, protocol: string, old: readonly string[]): readonly string[] {
  const given = params.structs('Certificates');
  if (given.length > 1 || given.some((certificate) => certificate.has('IsDefault'))) throw validation('Exactly one certificate, the default one, can be specified; more are added by AddListenerCertificates');
  const arn = given[0]?.text('CertificateArn') ?? old[0];
  if (arn === undefined) throw validation(`A certificate must be specified for ${protocol} listeners`);
  checkCertificate(arn);
  return [...new Set([arn, ...old.slice(1)])];
}

function checkedAlpn(policies: readonly string[]): readonly string[] {
  if (policies.length > 1 || policies.some((policy) => !alpnPolicies.has(policy))) throw new ApiError('ALPNPolicyNotFound', `The ALPN policy '${policies.join(', ')}' is not supported`);
  return policies;
}

/** UDP and TCP on one port are one listener, TCP_UDP. */
const onPort = (region: Region, balancerArn: string, port: number): Listener | undefined => region.listeners.find((listener) => listener.balancerArn === balancerArn && listener.port === port);

const create: Action = ({ region, params }) => {
  const balancer = balancerOf(region, params.need('LoadBalancerArn'));
  const tags = readTags(region, params);
  const settings = wantedSettings(region, balancer, params);
  const same = onPort(region, balancer.id, settings.port);
  if (same !== undefined) {
    const text = ({ protocol, forwards, sslPolicy, certificates, alpn }: Settings): string => JSON.stringify([protocol, forwards, sslPolicy, certificates[0], alpn]);
    if (text(same) !== text(settings)) throw new ApiError('DuplicateListener', `A listener already exists on this port for this load balancer '${balancer.id}'`);
    return { Listeners: [writeListener(same)] };
  }
  const listeners = [...region.listeners.rows()].filter(({ balancerArn }) => balancerArn === balancer.id).length;
  if (listeners >= region.world.quota('listenersPerBalancer')) throw new ApiError('TooManyListeners', 'The maximum number of listeners has been reached');
  const id = `${balancer.id.replace(':loadbalancer/', ':listener/')}/${region.random.hex(16)}`;
  const listener = region.listeners.insert({ ...settings, id, tags, sequence: region.nextSequence(), balancerArn: balancer.id, attributes: usualListenerAttributes(settings.protocol) });
  return { Listeners: [writeListener(listener)] };
};

const describe: Action = ({ region, params }) => {
  const balancer = params.text('LoadBalancerArn');
  const arns = params.texts('ListenerArns');
  if ((balancer === undefined) === (arns.length === 0)) throw validation('Exactly one of load balancer ARN and listener ARNs must be specified');
  if (balancer !== undefined) balancerOf(region, balancer);
  for (const arn of arns) checkArn('listener', 'listener', arn);
  const all = region.listeners.seenRows();
  if (arns.some((arn) => !all.some(({ id }) => id === arn))) throw new ApiError('ListenerNotFound', 'One or more listeners not found');
  const { rows, nextMarker } = pageOf(params, all.filter(({ id, balancerArn }) => arns.includes(id) || balancerArn === balancer));
  return { Listeners: rows.map(writeListener), NextMarker: nextMarker };
};

const modify: Action = ({ region, params }) => {
  const listener = listenerOf(region, params.need('ListenerArn'));
  const settings = wantedSettings(region, balancerOf(region, listener.balancerArn), params, listener);
  const other = onPort(region, listener.balancerArn, settings.port);
  if (other !== undefined && other.id !== listener.id) throw new ApiError('DuplicateListener', `A listener already exists on this port for this load balancer '${listener.balancerArn}'`);
  const attributes = settings.protocol === listener.protocol ? listener.attributes : usualListenerAttributes(settings.protocol);
  return { Listeners: [writeListener(region.listeners.update(listener.id, { ...settings, attributes }))] };
};

const remove: Action = ({ region, params }) => {
  const listener = listenerOf(region, params.need('ListenerArn'));
  region.listeners.remove(listener.id);
  return {};
};

export const listenerActions: Readonly<Record<string, Action>> = { CreateListener: create, DescribeListeners: describe, ModifyListener: modify, DeleteListener: remove };
