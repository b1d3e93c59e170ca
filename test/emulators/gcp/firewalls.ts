import { invalid } from './api-error.ts';
import type { Effect } from './effect.ts';
import { deleteMethod, insertMethod, memberPath, memberTemplate, readMethods, type Family } from './family.ts';
import { isBlock } from './ip.ts';
import { type Json, type Resource, textOf } from './json.ts';
import { nameFormat, nameRegex } from './links.ts';
import type { Call, Method } from './method.ts';
import { networkOf } from './networks.ts';
import { targetOf } from './operations.ts';

export const firewalls: Family = { service: 'firewalls', collection: 'firewalls', parameter: 'firewall', scope: 'global', kind: 'compute#firewall', noun: 'firewall' };

const lists = ['sourceRanges', 'destinationRanges', 'sourceTags', 'targetTags', 'sourceServiceAccounts', 'targetServiceAccounts'] as const;

/** A rule as it is kept, from a whole body. */
function firewallFields({ cloud, project }: Call, body: Json): Json {
  const direction = body['direction'] ?? 'INGRESS';
  const priority = body['priority'] ?? 1000;
  if (Number(priority) < 0 || Number(priority) > 65_535) throw invalid('resource.priority', textOf(priority), 'Must be between 0 and 65535.');
  const actions = (['allowed', 'denied'] as const).filter((name) => body[name] !== undefined);
  const [action] = actions;
  if (action === undefined || actions.length > 1) throw invalid('resource', '', 'Exactly one of allowed and denied must be specified.');
  checkParts(body, direction);
  return {
    network: networkOf(cloud, project, 'resource.network', body['network']).selfLink,
    priority,
    direction,
    disabled: body['disabled'] ?? false,
    logConfig: body['logConfig'] ?? { enable: false },
    description: body['description'],
    allowed: undefined,
    denied: undefined,
    [action]: rulesOf(action, body[action] as readonly Json[]),
    ...Object.fromEntries(lists.map((list) => [list, body[list]])),
    ...everywhere(body, direction),
  };
}

/** A rule that names nobody is for all. */
function everywhere(body: Json, direction: unknown): Json {
  if (direction === 'EGRESS') return body['destinationRanges'] === undefined ? { destinationRanges: ['0.0.0.0/0'] } : {};
  return lists.every((list) => !list.startsWith('source') || body[list] === undefined) ? { sourceRanges: ['0.0.0.0/0'] } : {};
}

function checkParts(body: Json, direction: unknown): void {
  // Ranges can be given of both ends.
  const wrong = direction === 'INGRESS' ? undefined : lists.find((list) => body[list] !== undefined && list.startsWith('source') && list !== 'sourceRanges');
  if (wrong !== undefined) throw invalid(`resource.${wrong}`, '', `A rule of direction ${textOf(direction)} has no ${wrong}.`);
  for (const list of ['sourceRanges', 'destinationRanges'] as const) {
    for (const [index, range] of ((body[list] as readonly string[] | undefined) ?? []).entries()) if (!isBlock(range)) throw invalid(`resource.${list}[${index}]`, range, 'Must be a valid CIDR address range.');
  }
  for (const list of ['sourceTags', 'targetTags'] as const) {
    for (const [index, tag] of ((body[list] as readonly string[] | undefined) ?? []).entries()) if (!nameRegex.test(tag)) throw invalid(`resource.${list}[${index}]`, tag, `Must be a match of regex '${nameFormat}'`);
  }
}

const protocols = /^(?:tcp|udp|icmp|esp|ah|ipip|sctp|all|\d{1,3})$/i;

function rulesOf(action: string, rules: readonly Json[]): readonly Json[] {
  return rules.map((rule, index) => {
    const field = `resource.${action}[${index}]`;
    const protocol = rule['IPProtocol'];
    if (typeof protocol !== 'string' || !protocols.test(protocol)) throw invalid(`${field}.IPProtocol`, protocol, 'Must be a protocol name or number.');
    const ports = (rule['ports'] as readonly string[] | undefined) ?? [];
    if (ports.length > 0 && !/^(?:tcp|udp|sctp|6|17|132)$/i.test(protocol)) throw invalid(`${field}.ports`, '', `Ports may not be specified for protocol ${protocol}.`);
    for (const [at, port] of ports.entries()) checkPorts(`${field}.ports[${at}]`, port);
    return { IPProtocol: protocol.toLowerCase(), ...(ports.length === 0 ? {} : { ports }) };
  });
}

function checkPorts(field: string, text: string): void {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
  if (match === null || last > 65_535 || first > last) throw invalid(field, text, 'Must be a port or a range of ports.');
}

function changeEffect(operationType: 'patch' | 'update'): (call: Call) => Effect {
  return (call) => {
    const { cloud, body } = call;
    const path = memberPath(call, firewalls);
    const rule = cloud.ready(path);
    if (body['name'] !== undefined && body['name'] !== rule.name) throw invalid('resource.name', body['name'], 'The name cannot be changed.');
    const fields = firewallFields(call, operationType === 'patch' ? patched(rule, body) : body);
    if (fields['network'] !== rule['network']) throw invalid('resource.network', body['network'], 'The network cannot be changed.');
    return { ...targetOf(path, rule), operationType, finish: () => cloud.change(path, (current) => ({ ...current, ...fields })) };
  };
}

/** What a patch makes of a rule: the fields that it has replace those of before; `allowed` takes the place of `denied`. */
function patched(rule: Resource, body: Json): Json {
  const merged = { ...rule, ...body };
  if (body['allowed'] !== undefined) delete merged['denied'];
  if (body['denied'] !== undefined) delete merged['allowed'];
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined));
}

export const firewallMethods: readonly Method[] = [
  ...readMethods(firewalls),
  insertMethod(firewalls, 'Firewall', (call) => ({ fields: firewallFields(call, call.body) })),
  deleteMethod(firewalls),
  { id: 'compute.firewalls.patch', verb: 'PATCH', path: memberTemplate(firewalls), body: 'Firewall', permission: 'compute.firewalls.update', effect: changeEffect('patch') },
  { id: 'compute.firewalls.update', verb: 'PUT', path: memberTemplate(firewalls), body: 'Firewall', effect: changeEffect('update') },
];
