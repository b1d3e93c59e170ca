import { CustomResourceDefinition } from '#core/api/schema/apiextensions-v1.ts';
import { apiVersionOf, type Draft, type Kind, type KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import { readManifests } from './read-manifests.ts';

/** A definition, or the path of a YAML or JSON file, or of a folder of them; what else is in the files is passed over. */
export type CrdSource = string | Draft<CustomResourceDefinition>;

const patienceMs = 10_000;

/**
 * Installs definitions, in place of those of the same name, and resolves when their resources are served.
 * @throws {Error} naming the file or the definition at fault, also when it is not established within 10 s
 */
export async function installCrds(client: Client, sources: readonly CrdSource[]): Promise<void> {
  const definitions = (await Promise.all(sources.map(definitionsOf))).flat();
  const names = await Promise.all(definitions.map((definition) => put(client, CustomResourceDefinition, definition)));
  const limit = AbortSignal.timeout(patienceMs);
  await Promise.all(names.map((name) => established(client, name, limit)));
}

/** Creates the object, or replaces the one of its name. Resolves to the name. @throws {Error} naming the object, with the server's reason as cause */
export async function put<T extends KubernetesObject>(client: Client, kind: Kind<T>, object: Draft<T>): Promise<string> {
  const name = object.metadata?.name ?? '';
  try {
    await client.create(kind, object).catch((error: unknown) => {
      if (!StatusError.is(error, 'AlreadyExists')) throw error;
      return replace(client, kind, object, name);
    });
    return name;
  } catch (cause) {
    throw new Error(`${kind.kind} ${JSON.stringify(name)} cannot be installed`, { cause });
  }
}

/** Others, such as the server with its status, may write in between. */
async function replace<T extends KubernetesObject>(client: Client, kind: Kind<T>, object: Draft<T>, name: string): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const { metadata: { resourceVersion } } = await client.get(kind, { name });
    try {
      return await client.update(kind, Object.assign({}, object, { metadata: { ...object.metadata, resourceVersion } }) as unknown as T);
    } catch (error) {
      if (attempt === 5 || !StatusError.is(error, 'Conflict')) throw error;
    }
  }
}

async function definitionsOf(source: CrdSource): Promise<Draft<CustomResourceDefinition>[]> {
  if (typeof source !== 'string') return [source];
  const found = (await readManifests(source)).filter(({ kind }) => kind === CustomResourceDefinition.kind);
  if (found.length === 0) throw new Error(`${source} holds no CustomResourceDefinition`);
  return found.map(({ path, apiVersion, object }) => {
    const served = apiVersionOf(CustomResourceDefinition);
    if (apiVersion !== served) throw new Error(`${path} holds a CustomResourceDefinition of ${apiVersion}; only ${served} is served`);
    // The server looks into it.
    return object as unknown as Draft<CustomResourceDefinition>;
  });
}

async function established(client: Client, name: string, limit: AbortSignal): Promise<void> {
  try {
    for await (const { object } of client.watch(CustomResourceDefinition, { fieldSelector: `metadata.name=${name}` }, limit)) {
      const refused = conditionsOf(object).find(({ type, status, reason }) => (type === 'NamesAccepted' || type === 'Established') && status === 'False' && reason !== 'Installing');
      if (refused) throw new Error(refused.message);
      if (conditionsOf(object).some(({ type, status }) => type === 'Established' && status === 'True')) return;
    }
  } catch (error) {
    throw new Error(`CustomResourceDefinition ${name} is not established${limit.aborted ? ` after ${patienceMs / 1000} s` : ''}`, { cause: error });
  }
}

const conditionsOf = ({ status }: CustomResourceDefinition): CustomResourceDefinition['status']['conditions'] => status?.conditions ?? [];
