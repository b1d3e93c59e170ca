import { apiVersionOf, type KindNames } from '#core/api/schema/kind.ts';
import type { Struct } from '#core/api/schema/type.ts';
import { subresourcesOf, verbsOf } from '#core/apiserver/http/discovery.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import { builtInResources } from '#core/registry/resources.ts';
import type { Choices } from './choices.ts';
import { customContent } from './definitions.ts';
import { randomObject, soundObject } from './objects.ts';
import { soundName } from './sound-objects.ts';

export const namespace = 'default';

/** What requests are for: a kind of the server's own, or one that a definition may make. */
export interface FuzzTarget {
  readonly kind: KindNames;
  readonly subresources: readonly string[];
  /** What a body looks like in protobuf, by subresource; '' for the object itself. */
  readonly structs: ReadonlyMap<string, { readonly kind: KindNames; readonly struct: Struct }>;
  /** Nothing is stored. */
  readonly isQuestion: boolean;
  name(number: number): string;
  sound(name: string, choices: Choices): Record<string, unknown>;
  random(name: string, choices: Choices): Record<string, unknown>;
}

export const collectionOf = ({ kind }: FuzzTarget): string => `${kind.group === '' ? '/api' : '/apis'}/${apiVersionOf(kind)}${kind.namespaced ? `/namespaces/${namespace}` : ''}/${kind.plural}`;

function builtIn(resource: AnyResource): FuzzTarget {
  const { kind, isQuestion = false } = resource;
  const where = kind.namespaced ? namespace : undefined;
  const below = subresourcesOf(resource);
  const kinds = [['', kind] as const, ...below.flatMap(({ name, kind: own }) => (own === undefined ? [] : [[name, own] as const]))];
  return {
    kind, isQuestion, subresources: below.map(({ name }) => name), structs: new Map(kinds.map(([name, each]) => [name, { kind: each, struct: each.struct }])),
    name: (number) => soundName(kind, number),
    sound: (name, choices) => (isReview(kind) ? withoutName(soundObject(resource, name, where, choices)) : soundObject(resource, name, where, choices)),
    random: (name, choices) => randomObject(resource, name, where, choices),
  };
}

/** Questions about access have no names. */
const isReview = ({ plural }: KindNames): boolean => plural.endsWith('accessreviews');
const withoutName = ({ metadata: _named, ...object }: Record<string, unknown>): Record<string, unknown> => object;

/** Kinds of the definitions that requests make and unmake, and of the one that is always there. */
function custom(group: string, plural: string, version: string): FuzzTarget {
  const kind = { group, version, kind: `K${plural}`, plural, singular: plural.slice(0, -1), namespaced: true };
  const sound = (name: string): Record<string, unknown> => ({ apiVersion: `${group}/${version}`, kind: kind.kind, metadata: { name, namespace, labels: { app: 'fuzz' } }, ...structuredClone(customContent) });
  return { kind, isQuestion: false, subresources: ['status', 'scale'], structs: new Map(), name: (number) => `f${number}`, sound, random: (name) => ({ ...sound(name), status: { replicas: 3, conditions: [{ type: 'Ready' }] } }) };
}

export const fixedDefinition = 'widgets.fixed.example.com';

export const builtInTargets: readonly FuzzTarget[] = builtInResources.map(builtIn);

/** Those of which objects are made. */
export const writableTargets: readonly FuzzTarget[] = builtInResources.filter((resource) => verbsOf(resource).includes('create')).map(builtIn);

export const customTargets: readonly FuzzTarget[] = [
  custom('fixed.example.com', 'widgets', 'v1'), custom('fixed.example.com', 'widgets', 'v1beta1'), ...Array.from({ length: 12 }, (_, i) => custom('fuzz.example.com', `f${i}s`, i % 3 === 0 ? 'v1beta1' : 'v1')),
];
