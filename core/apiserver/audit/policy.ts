import { isObject } from '#core/api/value.ts';
import type { User } from '#core/api/user.ts';

/** How much of a request is written down. */
export type Level = 'None' | 'Metadata' | 'Request' | 'RequestResponse';
export type Stage = 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic';

const levels: readonly string[] = ['None', 'Metadata', 'Request', 'RequestResponse'];
const stages: readonly string[] = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'];

/** What a rule looks at. */
export interface AuditedRequest {
  readonly user: User;
  readonly verb: string;
  readonly path: string;
  readonly resource?: { readonly group: string; readonly resource: string; readonly subresource: string; readonly namespace: string; readonly name: string } | undefined;
}

interface Rule {
  readonly level: Level;
  readonly omitStages: readonly string[];
  readonly omitManagedFields: boolean | undefined;
  matches(request: AuditedRequest): boolean;
}

export interface Verdict {
  readonly level: Level;
  readonly omits: (stage: Stage) => boolean;
  readonly omitManagedFields: boolean;
}

/** An `audit.k8s.io/v1` Policy: the first rule that matches decides; what none matches is not logged. */
export class AuditPolicy {
  private readonly rules: readonly Rule[];
  private readonly omitStages: readonly string[];
  private readonly omitManagedFields: boolean;

  /** @throws {Error} that names what is wrong */
  constructor(document: unknown) {
    if (!isObject(document) || document['kind'] !== 'Policy' || document['apiVersion'] !== 'audit.k8s.io/v1') throw new Error('an audit policy is an object of kind Policy in audit.k8s.io/v1');
    const rules = document['rules'];
    if (!Array.isArray(rules) || rules.length === 0) throw new Error('the audit policy has no rules');
    this.omitStages = stagesOf(document['omitStages'], 'omitStages');
    this.omitManagedFields = document['omitManagedFields'] === true;
    this.rules = rules.map((rule: unknown, i) => ruleOf(rule, `rules[${i}]`));
  }

  verdict(request: AuditedRequest): Verdict {
    const rule = this.rules.find((candidate) => candidate.matches(request));
    const omitted = new Set([...this.omitStages, ...(rule?.omitStages ?? [])]);
    return { level: rule?.level ?? 'None', omits: (stage) => omitted.has(stage), omitManagedFields: rule?.omitManagedFields ?? this.omitManagedFields };
  }
}

const known = ['level', 'users', 'userGroups', 'verbs', 'resources', 'namespaces', 'nonResourceURLs', 'omitStages', 'omitManagedFields'];

function ruleOf(rule: unknown, at: string): Rule {
  if (!isObject(rule)) throw new Error(`${at} is not an object`);
  for (const key of Object.keys(rule)) if (!known.includes(key)) throw new Error(`${at}.${key} is not known`);
  const { level } = rule;
  if (typeof level !== 'string' || !levels.includes(level)) throw new Error(`${at}.level must be one of ${levels.join(', ')}; it is ${JSON.stringify(level)}`);
  const texts = (key: string): readonly string[] => textsOf(rule[key], `${at}.${key}`);
  const [users, groups, verbs, namespaces, urls] = [texts('users'), texts('userGroups'), texts('verbs'), texts('namespaces'), texts('nonResourceURLs')];
  const resources = resourcesOf(rule['resources'], `${at}.resources`);
  if (urls.length > 0 && (resources.length > 0 || namespaces.length > 0)) throw new Error(`${at} cannot be about both resources and nonResourceURLs`);
  const about = aboutOf(resources, namespaces, urls);
  return {
    level: level as Level, omitStages: stagesOf(rule['omitStages'], `${at}.omitStages`),
    omitManagedFields: typeof rule['omitManagedFields'] === 'boolean' ? rule['omitManagedFields'] : undefined,
    matches: (request) => (users.length === 0 || users.includes(request.user.name)) && (groups.length === 0 || groups.some((group) => request.user.groups.includes(group)))
      && (verbs.length === 0 || verbs.includes(request.verb)) && about(request),
  };
}

function aboutOf(resources: readonly ResourceMatch[], namespaces: readonly string[], urls: readonly string[]): (request: AuditedRequest) => boolean {
  if (urls.length > 0) return ({ resource, path }) => resource === undefined && urls.some((url) => (url.endsWith('*') ? path.startsWith(url.slice(0, -1)) : url === path));
  if (resources.length === 0 && namespaces.length === 0) return () => true;
  return ({ resource }) => resource !== undefined && (namespaces.length === 0 || namespaces.includes(resource.namespace))
    && (resources.length === 0 || resources.some((match) => match(resource)));
}

type ResourceMatch = (resource: NonNullable<AuditedRequest['resource']>) => boolean;

function resourcesOf(value: unknown, at: string): ResourceMatch[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new Error(`${at} is not a list`);
  return value.map((entry: unknown, i): ResourceMatch => {
    if (!isObject(entry)) throw new Error(`${at}[${i}] is not an object`);
    const { group = '' } = entry;
    const [names, objects] = [textsOf(entry['resources'], `${at}[${i}].resources`), textsOf(entry['resourceNames'], `${at}[${i}].resourceNames`)];
    return (resource) => resource.group === group && (objects.length === 0 || objects.includes(resource.name)) && (names.length === 0 || names.some((name) => isNamed(name, resource)));
  });
}

/** `pods` is the pods themselves, `pods/log` and `pods/*` are below them, `*` is everything and a star before the slash is every kind. */
function isNamed(name: string, { resource, subresource }: NonNullable<AuditedRequest['resource']>): boolean {
  if (name === '*') return true;
  const [plural, below] = name.split('/');
  if (plural !== '*' && plural !== resource) return false;
  return below === undefined ? subresource === '' : below === '*' ? subresource !== '' : below === subresource;
}

function textsOf(value: unknown, at: string): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every((text) => typeof text === 'string')) throw new Error(`${at} is not a list of texts`);
  return value;
}

function stagesOf(value: unknown, at: string): readonly string[] {
  const given = textsOf(value, at);
  const stranger = given.find((stage) => !stages.includes(stage));
  if (stranger !== undefined) throw new Error(`${at}: ${JSON.stringify(stranger)} is not one of ${stages.join(', ')}`);
  return given;
}
