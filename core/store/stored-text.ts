import type { KubernetesObject } from '#core/api/schema/kind.ts';

const metadataOpening = /^\{"kind":"[^"\\]*","apiVersion":"[^"\\]*","metadata":\{/;

/** What the store holds of an object: all but its version, which the store gives it, and in an order that lets `versionedText` put that in. */
export function storedText(object: KubernetesObject): string {
  const { kind, apiVersion } = object;
  const metadata = { ...object.metadata, resourceVersion: undefined };
  const beginning = { kind, apiVersion, metadata };
  return JSON.stringify({ ...beginning, ...object, metadata });
}

/** The text of a stored object with its version, as readers get it; undefined for one that was stored in another order, by an earlier release. */
export function versionedText(stored: string, revision: number): string | undefined {
  const at = metadataOpening.exec(stored)?.[0].length;
  if (at === undefined) return undefined;
  return `${stored.slice(0, at)}"resourceVersion":"${revision}"${stored[at] === '}' ? '' : ','}${stored.slice(at)}`;
}
