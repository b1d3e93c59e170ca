/** A reference to an image, with all that Docker fills in: `busybox` is `docker.io/library/busybox:latest`. */
export interface ImageReference {
  /** `docker.io/library/busybox` */
  readonly name: string;
  readonly tag?: string;
  /** Wins over the tag. */
  readonly digest?: string;
}

const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const domainPattern = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?$`);
const componentPattern = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^[a-zA-Z][a-zA-Z0-9]*(?:[-_+.][a-zA-Z][a-zA-Z0-9]*)*:[0-9a-fA-F]{32,256}$/;
const longestName = 255;
/** A name, a tag and a digest. */
const longest = longestName + 129 + 300;

/** By the grammar of https://github.com/distribution/reference. Undefined when it is no reference. */
export function parseReference(text: string): ImageReference | undefined {
  if (text.length > longest) return undefined;
  const [named = '', digest, ...more] = text.split('@');
  if (more.length > 0 || (digest !== undefined && !digestPattern.test(digest))) return undefined;
  const [short, tag] = tagOf(named);
  const name = fullName(short);
  if (name === undefined || (tag !== undefined && !tagPattern.test(tag))) return undefined;
  return { name, ...(digest === undefined ? { tag: tag ?? 'latest' } : { ...(tag === undefined ? {} : { tag }), digest }) };
}

/** A colon before the last slash is that of a port. */
function tagOf(named: string): [name: string, tag: string | undefined] {
  const colon = named.lastIndexOf(':');
  return colon > named.lastIndexOf('/') ? [named.slice(0, colon), named.slice(colon + 1)] : [named, undefined];
}

function fullName(text: string): string | undefined {
  const [domain, path] = domainOf(text);
  const full = domain === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  // 64 hexadecimal digits are an image's id, never its name.
  if (/^[0-9a-f]{64}$/.test(text) || full.length + domain.length >= longestName) return undefined;
  return domainPattern.test(domain) && full.split('/').every((component) => componentPattern.test(component)) ? `${domain}/${full}` : undefined;
}

function domainOf(text: string): [domain: string, path: string] {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  if (!/[.:]/.test(first) && first !== 'localhost') return ['docker.io', text];
  return [first === 'index.docker.io' ? 'docker.io' : first, text.slice(slash + 1)];
}

/** In full, as it is sent to the engine and compared. */
export const referenceText = ({ name, tag, digest }: ImageReference): string => `${name}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;

/** An image's id, in the form `sha256:…`; undefined when the text is none. */
export function imageIdOf(text: string): string | undefined {
  if (/^sha256:[0-9a-f]{64}$/.test(text)) return text;
  return /^[0-9a-f]{64}$/.test(text) ? `sha256:${text}` : undefined;
}
