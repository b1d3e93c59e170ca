import { parse, stringify } from 'yaml';
import { apiVersionOf } from '#core/api/schema/kind.ts';
import { deepEqual } from '#core/api/value.ts';
import { protobufBody } from '#test/fixtures/protobuf-writer.ts';
import type { Choices } from './choices.ts';
import { collectionOf, type FuzzTarget } from './targets.ts';
import type { Answer, Transport } from './transport.ts';

type Json = Record<string, unknown>;

interface Metadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly resourceVersion?: string;
  readonly deletionTimestamp?: string;
}

export const metadataOf = (object: Json | undefined): Metadata => (object?.['metadata'] as Metadata | undefined) ?? {};

export function objectOf(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

/** Asks for what was just answered in other ways; resolves to how they differ. What was changed since is passed over. */
export async function misread(transport: Transport, target: FuzzTarget, answered: Json, choices: Choices): Promise<string | undefined> {
  const { name, namespace } = metadataOf(answered);
  if (name === undefined) return 'the answer has no name';
  const collection = namespace === undefined ? collectionOf(target) : collectionOf(target).replace(/\/namespaces\/[^/]+\//, `/namespaces/${namespace}/`);
  const path = `${collection}/${encodeURIComponent(name)}`;
  const differs = (how: string, other: Json | undefined): string | undefined =>
    (isSame(answered, other) || versionOf(other) !== versionOf(answered) ? undefined : `${how} it is\n${JSON.stringify(other)}, not\n${JSON.stringify(answered)}`);
  const read = await transport.get(path);
  if (read.code === 404 || read.code === 405) return undefined;
  const wrong = differs('read back', objectOf(read.text));
  if (wrong !== undefined || versionOf(objectOf(read.text)) !== versionOf(answered)) return wrong;
  switch (choices.below(8)) {
    case 0: return differs('in YAML', yamlOf(await transport.get(path, { Accept: 'application/yaml' })));
    case 1: return differs('in a table', rowOf(await transport.get(`${path}?includeObject=Object`, { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })));
    case 2: return differs('in a list', itemOf(await transport.get(`${collection}?fieldSelector=metadata.name%3D${encodeURIComponent(name)}`), answered));
    case 3: return putBack(transport, path, answered, { body: Buffer.from(JSON.stringify(answered)), type: 'application/json' });
    case 4: return putBack(transport, path, answered, { body: Buffer.from(stringify(answered)), type: 'application/yaml' });
    case 5:
    case 6: return putBack(transport, path, answered, protobufOf(target, answered));
    default: return undefined;
  }
}

/** Whoever reads an object and writes it as it is changes nothing, in whatever encoding. */
async function putBack(transport: Transport, path: string, answered: Json, part: { readonly body: Buffer; readonly type: string } | undefined): Promise<string | undefined> {
  if (part === undefined) return undefined;
  const answer = await transport.send({ method: 'PUT', path: `${path}?dryRun=All&fieldManager=fuzz`, headers: { 'Content-Type': part.type }, body: part.body });
  if (answer.code !== 200) return mayBeRefused(answer, answered) ? undefined : `put back as ${part.type} it is refused with ${answer.code}: ${answer.text.slice(0, 600)}\n${JSON.stringify(answered)}`;
  const [after, before] = [withoutManagers(objectOf(answer.text)), withoutManagers(answered)];
  return isSame(before, after) ? undefined : `put back as ${part.type} it becomes\n${JSON.stringify(after)}, it was\n${JSON.stringify(before)}`;
}

/** Somebody else was first, or those who admit it have changed their mind; what is being deleted may change in one direction only. */
const mayBeRefused = ({ code, text }: Answer, answered: Json): boolean =>
  [404, 405, 409, 429].includes(code) || metadataOf(answered).deletionTimestamp !== undefined || (code === 403 && /quota|limit|ValidatingAdmissionPolicy|denied|terminated/.test(text)) || /failed calling webhook|conversion webhook/.test(text);

/** An empty object of the encoding is what there is not. */
const isSame = (a: Json | undefined, b: Json | undefined): boolean => a !== undefined && b !== undefined && deepEqual(a, b);

const versionOf = (object: Json | undefined): string | undefined => metadataOf(object).resourceVersion;

function withoutManagers(object: Json | undefined): Json | undefined {
  if (object === undefined) return undefined;
  const { managedFields: _managers, resourceVersion: _version, generation: _generation, ...metadata } = object['metadata'] as Json;
  // A definition's report may forget the version that it stores; the next write knows it again.
  const { storedVersions: _stored, ...status } = (object['status'] as Json | undefined) ?? {};
  return { ...object, metadata, status };
}

function protobufOf({ structs }: FuzzTarget, object: Json): { body: Buffer; type: string } | undefined {
  const shape = structs.get('');
  return shape && { body: protobufBody(apiVersionOf(shape.kind), shape.kind.kind, shape.struct, object), type: 'application/vnd.kubernetes.protobuf' };
}

function yamlOf({ code, text }: Answer): Json | undefined {
  return code === 200 ? (parse(text, { maxAliasCount: -1 }) as Json) : undefined;
}

const rowOf = ({ text }: Answer): Json | undefined => (objectOf(text)?.['rows'] as readonly { object: Json }[] | undefined)?.[0]?.object;

/** Items of a list do not say what they are. */
function itemOf({ text }: Answer, { apiVersion, kind }: Json): Json | undefined {
  const [item] = (objectOf(text)?.['items'] as readonly Json[] | undefined) ?? [];
  return item && { apiVersion, kind, ...item };
}
