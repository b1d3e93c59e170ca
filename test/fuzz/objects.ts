import { apiVersionOf } from '#core/api/schema/kind.ts';
import type { Field, Scalar, Struct, Type } from '#core/api/schema/type.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import type { Choices } from './choices.ts';
import { definition } from './definitions.ts';
import { soundContent } from './sound-objects.ts';

const texts = ['a', 'web', 'default', 'x.example.com', 'example.com/x', '10.0.0.1', 'v1', 'ConfigMap', 'Always', 'TCP', 'true', '*', 'self.a == 1'];

function scalarOf(type: Scalar, choices: Choices): unknown {
  if (type.values.length > 0) return choices.one(type.values);
  switch (type.name) {
    case 'bool': return choices.chance(0.5);
    case 'int32':
    case 'int64':
    case 'double': return choices.one([0, 1, 2, 80, 443, 3600]);
    case 'quantity': return choices.one(['1', '500m', '1Gi']);
    case 'time': return '2026-01-01T00:00:00Z';
    case 'microTime': return '2026-01-01T00:00:00.000000Z';
    case 'duration': return '1h0m0s';
    case 'intOrString': return choices.one<unknown>([80, '25%', 'http']);
    case 'bytes': return Buffer.from('hello').toString('base64');
    case 'raw':
    case 'json': return { a: 1 };
    default: return choices.one(texts);
  }
}

function valueOf(type: Type, choices: Choices, depth: number): unknown {
  switch (type.form) {
    case 'scalar': return scalarOf(type, choices);
    case 'list': return Array.from({ length: depth > 6 ? 0 : choices.below(3) }, () => valueOf(type.of, choices, depth + 1));
    case 'map': return Object.fromEntries(Array.from({ length: depth > 6 ? 0 : choices.below(3) }, () => [choices.one(texts), valueOf(type.of, choices, depth + 1)]));
    case 'struct': return structOf(type, choices, depth);
  }
}

function structOf(type: Struct, choices: Choices, depth: number): Record<string, unknown> {
  const wanted = (field: Field): boolean => field.required || (depth < 7 && choices.chance(0.8 / (depth + 1)));
  return Object.fromEntries([...type.fields.values()].filter(wanted).map(({ name, type: of }) => [name, valueOf(of, choices, depth + 1)]));
}

/** An object of the kind, of the right types; whether it makes sense is another matter. */
export function randomObject({ kind }: AnyResource, name: string, namespace: string | undefined, choices: Choices): Record<string, unknown> {
  const content = structOf(kind.struct, choices, 0);
  return { ...content, apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }), labels: { app: 'fuzz' } } };
}

/** An object as its author would write it, so that faults come behind the first checks too; at random where none is known. */
export function soundObject(resource: AnyResource, name: string, namespace: string | undefined, choices: Choices): Record<string, unknown> {
  const { kind } = resource;
  if (kind.plural === 'customresourcedefinitions') return definition(name, choices);
  const content = soundContent(kind, name);
  if (content === undefined) return randomObject(resource, name, namespace, choices);
  return { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }), labels: { app: 'web' } }, ...content };
}
