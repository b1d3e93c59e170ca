import { stringify } from 'yaml';
import { apiVersionOf } from '#core/api/schema/kind.ts';
import { deepEqual } from '#core/api/value.ts';
import type { ControlPlane } from '#test/fixtures/control-plane.ts';
import { protobufBody } from '#test/fixtures/protobuf-writer.ts';
import { Choices } from './choices.ts';
import { plainDefinition } from './definitions.ts';
import { objectOf } from './read-back.ts';
import { writableTargets, collectionOf, customTargets, type FuzzTarget } from './targets.ts';

/** Sends a sound object of every kind in every encoding; what comes of it must be the same. Returns what is not. */
export async function encodingsDiffer(plane: ControlPlane): Promise<string[]> {
  const wrong: string[] = [];
  for (const target of [...writableTargets, ...customTargets.slice(0, 2)]) {
    const answers = await Promise.all(bodiesOf(target).map(async ([type, body]) => {
      const { code, text } = await plane.send('POST', `${collectionOf(target)}?dryRun=All&fieldManager=fuzz`, { body, headers: { 'Content-Type': type } });
      const object = code === 201 ? objectOf(text) : undefined;
      if (object === undefined) wrong.push(`a sound object of ${target.kind.plural} as ${type} is answered with ${code}: ${text.slice(0, 500)}`);
      return { type, object: withoutGiven(object) };
    }));
    const [first] = answers;
    for (const { type, object } of answers) {
      if (first?.object !== undefined && object !== undefined && !deepEqual(first.object, object)) wrong.push(`${target.kind.plural} as ${type} becomes\n${JSON.stringify(object)}, as ${first.type}\n${JSON.stringify(first.object)}`);
    }
  }
  return wrong;
}

function bodiesOf(target: FuzzTarget): (readonly [type: string, body: Buffer])[] {
  const { kind } = target;
  // A Binding is about a pod that waits for a node, and there is none.
  if (kind.plural === 'bindings') return [];
  const name = target.name(99);
  const object = kind.plural === 'customresourcedefinitions' ? plainDefinition(name) : target.sound(name, new Choices(1));
  const shape = target.structs.get('');
  return [
    ['application/json', Buffer.from(JSON.stringify(object))], ['application/yaml', Buffer.from(stringify(object))],
    ...(shape ? [['application/vnd.kubernetes.protobuf', protobufBody(apiVersionOf(shape.kind), shape.kind.kind, shape.struct, object)] as const] : []),
  ];
}

/** Without what the server gives out anew each time. */
function withoutGiven(object: Record<string, unknown> | undefined): unknown {
  if (object === undefined) return undefined;
  const { uid, creationTimestamp: _time, managedFields: _managers, ...metadata } = object['metadata'] as Record<string, unknown>;
  const text = JSON.stringify({ ...object, metadata }, (key, value: unknown) => (['clusterIP', 'clusterIPs', 'lastTransitionTime'].includes(key) ? undefined : value));
  return JSON.parse(text.replaceAll(String(uid), 'uid').replaceAll(/kube-api-access-\w+/g, 'kube-api-access'));
}
