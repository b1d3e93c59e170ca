import type { Operation, Seen } from './history.ts';
import type { Answer } from './server.ts';

interface List {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly { readonly metadata: { readonly name: string; readonly resourceVersion: string }; readonly data?: { readonly value?: string } }[];
}

/** What an answer to a list says. */
export function listOf({ code, body }: Answer): Pick<Operation, 'outcome' | 'reason' | 'revision' | 'items'> {
  if (code === 200) return { outcome: 'done', revision: Number((body as List).metadata.resourceVersion), items: itemsOf(body as List) };
  return code === 410 ? { outcome: 'refused', reason: 'Expired' } : { outcome: 'unknown', reason: String(code) };
}

/** Where an answer says that a list goes on, and the last name in it. An answer that the version is gone may say so too. */
export function lastOf({ code, body }: Answer): { readonly token: string | undefined; readonly last: string | undefined } {
  if (code !== 200 && code !== 410) return { token: undefined, last: undefined };
  const { metadata, items = [] } = body as Partial<List>;
  return { token: metadata?.continue === '' ? undefined : metadata?.continue, last: items.at(-1)?.metadata.name };
}

/** By name, without those that are not the clients'. */
export const itemsOf = (list: Pick<List, 'items'>): Map<string, Seen> =>
  new Map(list.items.filter(({ data }) => data?.value !== undefined)
    .map(({ metadata, data }) => [metadata.name, { revision: Number(metadata.resourceVersion), value: data?.value ?? '' }]));
