import { alreadyExists, inUse, inUseFailure, invalid, required, type OperationError } from './api-error.ts';
import type { Effect } from './effect.ts';
import type { Json, Resource } from './json.ts';
import { checkLabels, staleLabels } from './labels.ts';
import { linkOf, nameFormat, nameRegex, regionOf, type Path } from './links.ts';
import { aggregatedAnswer, aggregatedQuery, listAnswer, listQuery, scopesOf } from './lists.ts';
import type { Call, Method } from './method.ts';
import { placeOf, targetOf, timestamp } from './operations.ts';
import { fingerprintOf } from './seeded.ts';

export type ScopeKind = 'zones' | 'regions' | 'global';

/** Resources of one kind at one kind of place: disks of zones, disks of regions. */
export interface Family {
  /** As methods are called: `regionDisks`. */
  readonly service: string;
  /** As paths have it: `disks`. */
  readonly collection: string;
  /** The last part of the path: `{disk}`. */
  readonly parameter: string;
  readonly scope: ScopeKind;
  readonly kind: string;
  /** In `… resource '…' is already being used by '…'`. */
  readonly noun: string;
  /** What else `aggregatedList` lists, when this family has that method. */
  readonly aggregated?: readonly ScopeKind[];
  /** What may refer to one of them, so that it cannot be deleted. */
  readonly users?: readonly string[];
}

const placeParameters: Readonly<Record<ScopeKind, string>> = { zones: 'zones/{zone}', regions: 'regions/{region}', global: 'global' };

/** `zones/{zone}/disks`. */
export function collectionTemplate({ scope, collection }: Family): string {
  return `${placeParameters[scope]}/${collection}`;
}

export function memberTemplate(family: Family): string {
  return `${collectionTemplate(family)}/{${family.parameter}}`;
}

/** `zones/us-central1-a` of a request. */
export function scopeOfCall({ parameters }: Call, { scope }: Family): string {
  if (scope === 'global') return 'global';
  return scope === 'zones' ? `zones/${parameters['zone'] ?? ''}` : `regions/${parameters['region'] ?? ''}`;
}

export function collectionPath(call: Call, family: Family): Path {
  return `projects/${call.project}/${scopeOfCall(call, family)}/${family.collection}`;
}

/** The resource that a request's path names, by name or by id. */
export function memberPath(call: Call, family: Family): Path {
  const collection = collectionPath(call, family);
  const name = call.parameters[family.parameter] ?? '';
  if (!/^\d/.test(name)) return `${collection}/${name}`;
  const named = call.cloud.resources.in(collection).find(({ id }) => id === name)?.name;
  return `${collection}/${named ?? name}`;
}

/** get, list and, where the family has it, aggregatedList. */
export function readMethods(family: Family): readonly Method[] {
  const { service, kind, collection, aggregated } = family;
  const methods: Method[] = [
    { id: `compute.${service}.get`, verb: 'GET', path: memberTemplate(family), handle: (call) => call.cloud.read(memberPath(call, family)) },
    {
      id: `compute.${service}.list`,
      verb: 'GET',
      path: collectionTemplate(family),
      query: listQuery,
      handle: (call) => listAnswer(call, `${kind}List`, collectionPath(call, family), call.cloud.resources.list(collectionPath(call, family), call.cloud.listTime())),
    },
  ];
  if (aggregated === undefined) return methods;
  const scopes = scopesOf(...aggregated);
  return [...methods, { id: `compute.${service}.aggregatedList`, verb: 'GET', path: `aggregated/${collection}`, query: aggregatedQuery, permission: `compute.${service}.list`, handle: (call) => aggregatedAnswer(call, `${kind}AggregatedList`, collection, scopes) }];
}

/** What a family makes of the body of an insert. */
export interface Creation {
  /** The fields beyond those of every resource. */
  readonly fields: Json;
  /** The state while it is made, and afterwards, for those that have one. */
  readonly status?: readonly [making: string, made: string];
  /** Why the operation fails before it makes anything. */
  readonly refusal?: OperationError | undefined;
  /** With the operation's `begin`, after the resource was put. */
  begin?(path: Path, visible: number): void;
  /** Half-way through the operation. */
  advance?(path: Path): void;
  /** With the operation's end, after the resource was put. */
  finish?(path: Path): void;
  readonly slowness?: number;
}

export function insertMethod(family: Family, body: string, create: (call: Call, name: string) => Creation, query: readonly string[] = []): Method {
  return {
    id: `compute.${family.service}.insert`,
    verb: 'POST',
    path: collectionTemplate(family),
    query,
    body,
    permission: `compute.${family.service}.create`,
    effect: (call) => insertEffect(call, family, create(call, nameOf(call.body))),
  };
}

/** Makes a resource of the name that the body has. */
export function insertEffect(call: Call, family: Family, creation: Creation): Effect {
  const { cloud, project } = call;
  const name = nameOf(call.body);
  const path = `${collectionPath(call, family)}/${name}`;
  if (cloud.resources.get(path) !== undefined) throw alreadyExists(path);
  const { status } = creation;
  const resource: Resource = {
    kind: family.kind,
    id: cloud.random.id(),
    creationTimestamp: timestamp(cloud.clock.now()),
    name,
    ...(call.body['description'] === undefined ? {} : { description: call.body['description'] }),
    ...placeOf(project, scopeOfCall(call, family)),
    ...creation.fields,
    ...(status === undefined ? {} : { status: status[0] }),
    selfLink: linkOf(path),
  };
  const refusal = creation.refusal ?? cloud.quotas.refusal(project, family.scope === 'global' ? undefined : regionOf(path), family.collection, resource);
  const base = { ...targetOf(path, resource), operationType: 'insert', ...(creation.slowness === undefined ? {} : { slowness: creation.slowness }) };
  if (refusal !== undefined) return { ...base, finish: () => fail(refusal) };
  return {
    ...base,
    begin: (visible) => {
      cloud.resources.put(path, resource, visible);
      creation.begin?.(path, visible);
    },
    advance: () => creation.advance?.(path),
    finish: () => {
      if (status !== undefined) cloud.change(path, (current) => ({ ...current, status: status[1] }));
      creation.finish?.(path);
    },
    undo: () => cloud.resources.remove(path),
  };
}

interface Deletion {
  /** @throws {ApiError} why it cannot be deleted */
  check?(call: Call, path: Path): void;
  begin?(call: Call, path: Path): void;
  finish?(call: Call, path: Path): void;
  readonly slowness?: number;
}

export function deleteMethod(family: Family, extra: Deletion = {}): Method {
  return {
    id: `compute.${family.service}.delete`,
    verb: 'DELETE',
    path: memberTemplate(family),
    effect: (call) => {
      const { cloud } = call;
      const path = memberPath(call, family);
      const resource = cloud.ready(path);
      const user = () => cloud.userOf(call.project, path, family.users ?? []);
      const used = user();
      if (used !== undefined) throw inUse(family.noun, path, used);
      extra.check?.(call, path);
      return {
        ...targetOf(path, resource),
        operationType: 'delete',
        ...(extra.slowness === undefined ? {} : { slowness: extra.slowness }),
        begin: () => {
          cloud.deleting.add(path);
          extra.begin?.(call, path);
        },
        finish: () => {
          cloud.deleting.delete(path);
          const since = user();
          if (since !== undefined) throw inUseFailure(family.noun, path, since);
          extra.finish?.(call, path);
          cloud.resources.remove(path);
        },
        undo: () => void cloud.deleting.delete(path),
      };
    },
  };
}

/** setLabels of a family whose resources have labels. */
export function setLabelsMethod(family: Family, body: string): Method {
  return {
    id: `compute.${family.service}.setLabels`,
    verb: 'POST',
    path: `${collectionTemplate(family)}/{resource}/setLabels`,
    body,
    ...(family.scope === 'global' ? { requestId: false } : {}),
    effect: (call) => {
      const { cloud } = call;
      const path = `${collectionPath(call, family)}/${call.parameters['resource'] ?? ''}`;
      const resource = cloud.ready(path);
      const labels = checkLabels(call.body['labels'] ?? {}, 'labels');
      checkLabelFingerprint(resource, call.body['labelFingerprint']);
      return { ...targetOf(path, resource), operationType: 'setLabels', begin: () => cloud.change(path, (current) => ({ ...current, ...labelFields(labels) })) };
    },
  };
}

export function checkLabelFingerprint(resource: Resource, fingerprint: unknown): void {
  if ((fingerprint ?? '') !== resource['labelFingerprint']) throw staleLabels();
}

export function labelFields(labels: Readonly<Record<string, string>>): Json {
  return { ...(Object.keys(labels).length === 0 ? { labels: undefined } : { labels }), labelFingerprint: fingerprintOf(Object.entries(labels).toSorted()) };
}

export function nameOf(body: Json): string {
  const name = body['name'];
  if (name === undefined || name === '') throw required('resource.name');
  if (typeof name !== 'string' || !nameRegex.test(name)) throw invalid('resource.name', name, `Must be a match of regex '${nameFormat}'`);
  return name;
}

function fail(error: OperationError): never {
  throw error;
}
