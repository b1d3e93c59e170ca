import { createHash } from 'node:crypto';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { decode } from '#core/api/schema/decode.ts';
import { dnsSubdomainProblem } from '#core/api/names.ts';
import { isObject } from '#core/api/value.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import { annotations } from './pod-annotations.ts';
import { qosClassOf } from './qos-class.ts';

const mostAliases = 100;

/** The pod that a file describes, as YAML or JSON. The same content gives the same pod. @throws {Error} when it is none */
export async function staticPod(text: string, file: string, { nodeName, now }: { readonly nodeName: string; readonly now: number }): Promise<Pod> {
  const { metadata, spec } = await parsed(text);
  const { name, namespace = 'default', labels, annotations: given = {} } = metadata;
  const hash = createHash('sha256').update(`${nodeName}\n${file}\n${JSON.stringify({ name, namespace, labels, given, spec })}`).digest('hex').slice(0, 32);
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: {
      ...metadata, name: `${name}-${nodeName}`, namespace, uid: hash, resourceVersion: '',
      annotations: { ...given, [annotations.hash]: hash, [annotations.source]: 'file', [annotations.seen]: rfc3339(now) },
    },
    spec: { ...spec, nodeName, tolerations: [...(spec.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }] },
    status: { phase: 'Pending', qosClass: qosClassOf(spec) },
  };
}

async function parsed(text: string): Promise<Pod> {
  const { parse } = await import('yaml');
  const json: unknown = parse(text, { maxAliasCount: mostAliases, merge: false });
  if (!isObject(json) || json['kind'] !== 'Pod' || json['apiVersion'] !== 'v1') throw new Error('this is no Pod of v1');
  const { value } = decode(Pod.struct, json, { kind: Pod });
  const problem = dnsSubdomainProblem(value.metadata.name);
  if (problem !== undefined) throw new Error(`metadata.name: ${problem}`);
  const { containers, initContainers = [] } = value.spec;
  if (containers.length === 0) throw new Error('spec.containers: a pod needs a container');
  for (const container of [...containers, ...initContainers]) container.imagePullPolicy ??= pullPolicyOf(container.image ?? '');
  return value;
}

function pullPolicyOf(image: string): 'Always' | 'IfNotPresent' {
  const [named = '', digest] = image.split('@');
  const tag = named.slice(named.lastIndexOf('/') + 1).split(':')[1];
  return tag === 'latest' || (tag === undefined && digest === undefined) ? 'Always' : 'IfNotPresent';
}
