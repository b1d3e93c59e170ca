/** A reference to an image as people write it, taken apart as Docker does. */
export interface ImageReference {
  /** `docker.io` where none is written. */
  readonly registry: string;
  /** With `library/` where Docker Hub's own images are meant. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

const longest = 512;
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const path = new RegExp(`^${component}(?:/${component})*$`);
const host = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::\d+)?$/;
const isHost = (text: string): boolean => text === 'localhost' || text.includes('.') || text.includes(':') || text !== text.toLowerCase();

/** Undefined when it is no reference. */
export function parseReference(text: string): ImageReference | undefined {
  const [named = '', digest, ...rest] = text.length > longest ? [] : text.split('@');
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  const place = placeOf(colon < 0 ? named : named.slice(0, colon));
  if (place === undefined || rest.length > 0 || !isLike(digestForm, digest) || !isLike(tagForm, tag)) return undefined;
  return { ...place, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

const isLike = (form: RegExp, text: string | undefined): boolean => text === undefined || form.test(text);
const digestForm = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-fA-F0-9]{32,}$/;
const tagForm = /^\w[\w.-]{0,127}$/;

function placeOf(name: string): Pick<ImageReference, 'registry' | 'repository'> | undefined {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const hasHost = first !== '' && isHost(first);
  const repository = hasHost ? name.slice(slash + 1) : name;
  if (!path.test(repository) || (hasHost && !host.test(first))) return undefined;
  const registry = !hasHost || first === 'index.docker.io' ? 'docker.io' : first;
  return { registry, repository: registry === 'docker.io' && !repository.includes('/') ? `library/${repository}` : repository };
}
