import type { Balancer, Listener, TargetGroup } from '#test/emulators/aws/rows.ts';
import type { AwsState } from './aws-cloud.ts';
import type { CloudBalancer } from './cloud-view.ts';
import type { GcpState } from './gcp-cloud.ts';

/** Network load balancers that are active, with their TCP listeners. */
export function awsBalancers(state: AwsState, addressOf: (instanceId: string) => string | undefined): readonly CloudBalancer[] {
  const all = <T>(kind: string): readonly T[] => Object.values(state).flatMap((region) => (region[kind] ?? []) as readonly T[]);
  const groups = new Map(all<TargetGroup & { readonly id: string }>('targetGroups').map((group) => [group.id, group]));
  const targetsOf = ({ forwards }: Listener): CloudBalancer['targets'] => forwards.flatMap(({ targetGroupArn }) => groups.get(targetGroupArn)?.targets ?? []).flatMap(({ id, port }) => {
    const address = /^[\d.]+$/.test(id) ? id : addressOf(id);
    return address === undefined ? [] : [{ address, port }];
  });
  const balancers = new Map(all<Balancer & { readonly id: string }>('balancers').filter(({ type, state: phase }) => type === 'network' && phase === 'active').map((balancer) => [balancer.id, balancer]));
  return all<Listener>('listeners').flatMap((listener) => {
    const balancer = balancers.get(listener.balancerArn);
    return balancer === undefined || !/^(TCP|TCP_UDP)$/.test(listener.protocol) ? [] : [{ kind: 'proxy', name: balancer.dnsName, port: listener.port, targets: targetsOf(listener) }];
  });
}

interface Rule {
  readonly IPAddress?: string;
  readonly backendService?: string;
}
interface Service {
  readonly backends?: readonly { readonly group?: string }[];
  readonly healthChecks?: readonly string[];
}
interface Check {
  readonly httpHealthCheck?: { readonly port?: number; readonly requestPath?: string };
  readonly tcpHealthCheck?: { readonly port?: number };
}

/**
 * Passthrough load balancers: packets reach machines with the balancer's address as destination.
 * @param membersOf paths of a group's instances
 */
export function gcpBalancers(state: GcpState, membersOf: (group: string) => readonly string[], addressOf: (instance: string) => string | undefined): readonly CloudBalancer[] {
  const rules = Object.entries(state).flatMap(([path, resource]) => (path.includes('/forwardingRules/') ? [resource as Rule] : []));
  const byAddress = new Map(rules.flatMap(({ IPAddress: name = '', backendService }): [string, CloudBalancer][] => {
    const service = at<Service>(state, backendService);
    if (service === undefined || !/^[\d.]+$/.test(name)) return [];
    const instances = (service.backends ?? []).flatMap(({ group = '' }) => membersOf(pathOf(group)));
    return [[name, { kind: 'passthrough', name, ...checkOf(at<Check>(state, service.healthChecks?.[0])), targets: instances.flatMap((instance) => addressOf(instance) ?? []).map((address) => ({ address, port: 0 })) }]];
  }));
  return [...byAddress.values()];
}

const checkOf = ({ httpHealthCheck: http, tcpHealthCheck: tcp }: Check = {}): Pick<CloudBalancer, 'port' | 'path'> =>
  (http === undefined ? { port: tcp?.port ?? 0 } : { port: http.port ?? 80, path: http.requestPath ?? '/' });

const at = <T>(state: GcpState, link: string | undefined): T | undefined => (link === undefined ? undefined : state[pathOf(link)] as T | undefined);
const pathOf = (link: string): string => link.slice(Math.max(0, link.indexOf('projects/')));
