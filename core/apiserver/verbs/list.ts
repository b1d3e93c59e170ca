import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { ListMeta } from '#core/api/schema/meta.ts';
import { FieldErrors } from '#core/api/field-errors.ts';
import { StatusError } from '#core/api/status-error.ts';
import { RevisionError } from '#core/spi/key-value-store.ts';
import { decodeContinue, encodeContinue } from '#core/store/continue-token.ts';
import type { Entry } from '#core/store/object-store.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import { shown, storageNames, type Api, type Target } from '#core/apiserver/api.ts';
import { select, type Selection, type Selectors } from './selection.ts';

export interface ListParameters extends Selectors {
  readonly resourceVersion?: string | undefined;
  readonly resourceVersionMatch?: string | undefined;
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
}

export interface ListResult {
  readonly metadata: ListMeta;
  readonly items: readonly KubernetesObject[];
}

interface Page {
  readonly revision: number;
  readonly after: string | undefined;
  readonly limit: number;
  /** The list must show exactly this revision, also when newer ones exist. */
  readonly exact: boolean;
}

/** How many objects are read from history at once when a filter may drop most of them. */
const chunk = 1000;

/** @throws {StatusError} BadRequest, Invalid, Expired (410), Timeout (a version that lies ahead) */
export async function list(api: Api, target: Target, parameters: ListParameters): Promise<ListResult> {
  const selection = select(target, parameters);
  if (target.resource.isObserved) return { metadata: {}, items: observed(api, target).filter((object) => selection.matches(object)) };
  return listStored(api, target, parameters, selection);
}

async function listStored(api: Api, target: Target, parameters: ListParameters, selection: Selection): Promise<ListResult> {
  if (api.objects.shared && needsNewest(api, parameters)) await api.objects.catchUp();
  const page = pageOf(api, parameters);
  const { resource } = target;
  const cache = api.objects.cache(storageNames(resource));
  // The memory shows the newest state; nothing changed since, or no exact state is asked for: then it is the answer.
  if (!page.exact || cache.lastChange <= page.revision) {
    const revision = page.exact ? page.revision : api.objects.revision;
    const found = selection.only === undefined ? cache.range(selection.prefix, page.after) : only(cache.get(selection.only), selection.only, page.after);
    const entries = resource.conversion ? await prepared(resource.conversion, [...found]) : found;
    return gather(target, selection, entries, { ...page, revision }, (key) => cache.count(selection.prefix, key));
  }
  try {
    return await listHistory(api, target, selection, page);
  } catch (error) {
    if (RevisionError.is(error, 'compacted')) {
      const token = page.after === undefined ? undefined : encodeContinue({ revision: 0, after: page.after });
      throw StatusError.expired(token === undefined
        ? `the version ${page.revision} is too old to be listed: ${error.message}`
        : 'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.', token);
    }
    throw error;
  }
}

/** What there is of a kind of which nothing is stored. */
export const observed = ({ observed: observers = {} }: Api, { resource: { kind } }: Target): readonly KubernetesObject[] => observers[kind.plural]?.() ?? [];

async function prepared(conversion: NonNullable<AnyResource['conversion']>, entries: readonly Entry[]): Promise<readonly Entry[]> {
  await conversion.prepare(entries.map(([, object]) => object));
  return entries;
}

/** `0` takes any state, and other versions that one has seen oneself; only what this process cannot know yet has to be asked for. */
function needsNewest(api: Api, { resourceVersion, continue: token }: ListParameters): boolean {
  if (token !== undefined && token !== '') {
    // A page that goes on at the newest version says so with 0; the first page may have come from a server that is ahead.
    const { revision } = decodeContinue(token);
    return revision === 0 || revision > api.objects.revision;
  }
  return resourceVersion === undefined || resourceVersion === '' || parseVersion(resourceVersion) > api.objects.revision;
}

function pageOf(api: Api, parameters: ListParameters): Page {
  const { resourceVersion: version, resourceVersionMatch: match, continue: token } = parameters;
  const limit = parameters.limit ?? 0;
  checkMatch(version, match, token);
  const current = api.objects.revision;
  if (token !== undefined && token !== '') {
    const { revision, after } = decodeContinue(token);
    if (revision > current) throw tooNew(revision, current);
    return { revision: revision === 0 ? current : revision, after, limit, exact: revision !== 0 };
  }
  const asked = parseVersion(version);
  if (asked > current) throw tooNew(asked, current);
  if (match === 'Exact') return { revision: asked, after: undefined, limit, exact: true };
  return { revision: current, after: undefined, limit, exact: false };
}

function checkMatch(version: string | undefined, match: string | undefined, token: string | undefined): void {
  const errors = new FieldErrors();
  const field = 'resourceVersionMatch';
  const isGiven = (value: string | undefined): value is string => value !== undefined && value !== '';
  if (isGiven(match)) {
    if (isGiven(token)) errors.forbidden(field, 'resourceVersionMatch is forbidden when continue is provided');
    else if (!isGiven(version)) errors.forbidden(field, 'resourceVersionMatch is forbidden unless resourceVersion is provided');
    if (match !== 'Exact' && match !== 'NotOlderThan') errors.notSupported(field, match, ['Exact', 'NotOlderThan']);
    if (match === 'Exact' && version === '0') errors.forbidden(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  errors.throwIfAny({ group: 'meta.k8s.io', kind: 'ListOptions' }, '');
  if (isGiven(token) && isGiven(version) && version !== '0') throw StatusError.badRequest('specifying resource version is not allowed when using continue');
}

/** '' and undefined are 0: no wish. @throws {StatusError} Invalid for anything but a decimal number */
export function parseVersion(version: string | undefined): number {
  if (version === undefined || version === '') return 0;
  const value = /^\d{1,16}$/.test(version) ? Number(version) : NaN;
  if (Number.isSafeInteger(value)) return value;
  const errors = new FieldErrors();
  errors.invalid('resourceVersion', version.slice(0, 64), 'must be a version that the server returned');
  errors.throwIfAny({ group: 'meta.k8s.io', kind: 'ListOptions' }, '');
  return 0;
}

const tooNew = (asked: number, current: number): StatusError =>
  new StatusError('Timeout', `Too large resource version: ${asked}, current: ${current}`, {
    retryAfterSeconds: 1, causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
  });

function* only(object: KubernetesObject | undefined, key: string, after: string | undefined): IterableIterator<Entry> {
  if (object !== undefined && (after === undefined || key > after)) yield [key, object];
}

function gather(target: Target, selection: Selection, entries: Iterable<Entry>, page: Page, remaining: (after: string) => number): ListResult {
  const items: KubernetesObject[] = [];
  let last = '';
  for (const [key, stored] of entries) {
    const object = shown(target.resource, stored);
    if (!selection.matches(object)) continue;
    if (page.limit > 0 && items.length === page.limit) return { metadata: moreToCome(selection, page, last, remaining(last)), items };
    items.push(object);
    last = key;
  }
  return { metadata: { resourceVersion: String(page.revision) }, items };
}

const moreToCome = (selection: Selection, page: Page, after: string, remaining: number | undefined): ListMeta => ({
  resourceVersion: String(page.revision),
  continue: encodeContinue({ revision: page.exact || page.after === undefined ? page.revision : 0, after }),
  ...(selection.everything && remaining !== undefined ? { remainingItemCount: remaining } : {}),
});

async function listHistory(api: Api, target: Target, selection: Selection, page: Page): Promise<ListResult> {
  const items: KubernetesObject[] = [];
  let after = page.after;
  let last = '';
  for (;;) {
    const part = await api.objects.listAt(storageNames(target.resource), { prefix: selection.prefix, revision: page.revision, limit: chunk, ...(after === undefined ? {} : { after }) });
    await target.resource.conversion?.prepare(part.items.map(([, object]) => object));
    for (const [key, stored] of part.items) {
      const object = shown(target.resource, stored);
      if (!selection.matches(object)) continue;
      if (page.limit > 0 && items.length === page.limit) return { metadata: moreToCome(selection, page, last, undefined), items };
      items.push(object);
      last = key;
    }
    after = part.items.at(-1)?.[0];
    if (!part.more || after === undefined) return { metadata: { resourceVersion: String(page.revision) }, items };
  }
}
