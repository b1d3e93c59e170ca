import { StatusError } from '#core/api/status-error.ts';

/** The shape in which an answer is wanted. */
export interface Format {
  readonly encoding: 'json' | 'yaml';
  /** `table` and `partial` are `meta.k8s.io` views of objects; `discovery` is `apidiscovery.k8s.io`. */
  readonly as: 'object' | 'table' | 'partial' | 'discovery';
  /** Version of the view that was asked for: v1, v1beta1, v2 … */
  readonly version: string;
}

interface MediaRange {
  readonly type: string;
  readonly quality: number;
  readonly parameters: ReadonlyMap<string, string>;
}

const plainJson: Format = { encoding: 'json', as: 'object', version: '' };

const encodings: ReadonlyMap<string, Format['encoding']> = new Map([['application/json', 'json'], ['application/*', 'json'], ['*/*', 'json'], ['application/yaml', 'yaml']]);

const views: Record<string, { as: Format['as']; group: string; versions: readonly string[] }> = {
  Table: { as: 'table', group: 'meta.k8s.io', versions: ['v1', 'v1beta1'] },
  PartialObjectMetadata: { as: 'partial', group: 'meta.k8s.io', versions: ['v1', 'v1beta1'] },
  PartialObjectMetadataList: { as: 'partial', group: 'meta.k8s.io', versions: ['v1', 'v1beta1'] },
  APIGroupDiscoveryList: { as: 'discovery', group: 'apidiscovery.k8s.io', versions: ['v2', 'v2beta1'] },
};

/**
 * Picks the first acceptable form, as clients list them in the order of their wishes.
 * @param offered the views that this request can be answered with, besides plain objects
 * @throws {StatusError} NotAcceptable
 */
export function negotiate(accept: string | undefined, offered: readonly Format['as'][]): Format {
  if (accept === undefined || accept.trim() === '') return plainJson;
  for (const range of knownRanges(accept)) {
    const format = formatOf(range, offered);
    if (format !== undefined) return format;
  }
  throw new StatusError('NotAcceptable', 'only the following media types are accepted: application/json, application/yaml');
}

function formatOf({ type, quality, parameters }: MediaRange, offered: readonly Format['as'][]): Format | undefined {
  const encoding = encodings.get(type);
  if (quality === 0 || encoding === undefined) return undefined;
  const as = parameters.get('as');
  if (as === undefined) return { encoding, as: 'object', version: '' };
  const view = Object.hasOwn(views, as) ? views[as] : undefined;
  const version = parameters.get('v') ?? '';
  if (view === undefined || parameters.get('g') !== view.group || !view.versions.includes(version) || !offered.includes(view.as)) return undefined;
  return { encoding, as: view.as, version };
}

/** A client says the same with every request. */
const known = new Map<string, readonly MediaRange[]>();
const mostKnown = 256;
/** Longer ones are hardly worth keeping. */
const longestKnown = 512;

function knownRanges(accept: string): readonly MediaRange[] {
  let ranges = known.get(accept);
  if (ranges !== undefined) return ranges;
  ranges = mediaRanges(accept);
  if (known.size >= mostKnown) known.clear();
  if (accept.length <= longestKnown) known.set(accept, ranges);
  return ranges;
}

/** What an Accept header names, the most wanted first. */
export function mediaRanges(accept: string): MediaRange[] {
  return accept.slice(0, 4096).split(',').map((part) => {
    const [type = '', ...rest] = part.split(';').map((piece) => piece.trim());
    const parameters = new Map(rest.map((piece) => {
      const equals = piece.indexOf('=');
      return [piece.slice(0, equals), piece.slice(equals + 1)] as const;
    }));
    const quality = Number(parameters.get('q') ?? 1);
    return { type: type.toLowerCase(), quality: Number.isFinite(quality) ? quality : 1, parameters };
  }).sort((a, b) => b.quality - a.quality);
}
