import { stringify } from 'yaml';
import { apiVersionOf } from '#core/api/schema/kind.ts';
import { protobufBody } from '#test/fixtures/protobuf-writer.ts';
import { bodies, expressions, patterns, yamlBodies } from './bombs.ts';
import { garbled, mutated, nasty, type Choices } from './choices.ts';
import { connectionPath, strangePaths } from './paths.ts';
import { anyHeaders, upgradeHeaders } from './headers.ts';
import { patchDocument, patchTypes, strategies } from './patches.ts';
import { query, streamQuery, watchQuery } from './queries.ts';
import { subresourceBody } from './subresources.ts';
import { builtInTargets, collectionOf, customTargets, type FuzzTarget } from './targets.ts';

/** One request as it goes over the wire. */
export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  /** The client goes away after so long. */
  readonly breakOffMs?: number;
  /** Of which objects it speaks, when it does. */
  readonly about?: { readonly target: FuzzTarget; readonly subresource: string };
}

interface Part {
  readonly body?: Buffer | undefined;
  readonly contentType?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly about?: FuzzRequest['about'];
}

/** How many accepted objects are remembered, to be changed a little and sent again. */
const remembered = 200;
const protobuf = 'application/vnd.kubernetes.protobuf';

/** Makes requests that are nearly right. */
export class RequestMaker {
  readonly choices: Choices;
  readonly #seen: { readonly target: FuzzTarget; readonly object: Record<string, unknown> }[] = [];

  constructor(choices: Choices) {
    this.choices = choices;
  }

  /** An object of the server's, to write again. */
  learn(target: FuzzTarget, object: Record<string, unknown>): void {
    if (this.#seen.length < remembered) this.#seen.push({ target, object });
    else this.#seen[this.choices.below(remembered)] = { target, object };
  }

  next(): FuzzRequest {
    const { choices } = this;
    const dice = choices.below(100);
    if (dice < 2) return this.#request(choices.one(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE']), choices.one(strangePaths));
    if (dice < 6) return this.#connection();
    if (dice >= 62) return this.#create();
    const { target, name } = this.#place();
    if (dice < 16) return this.#read(target, name);
    if (dice < 22) return this.#request('DELETE', `${collectionOf(target)}/${name}`, this.#deleteOptions());
    if (dice < 24) return this.#request('DELETE', collectionOf(target), { ...this.#deleteOptions(), query: choices.chance(0.8) ? `?labelSelector=app%3D${choices.one(['web', 'fuzz', 'x'])}` : query(choices) });
    if (dice < 40) return this.#patch(target, name);
    if (dice < 48) return this.#again();
    if (dice < 56) return this.#write('PUT', target, name, this.#subresource(target));
    return this.#write('POST', target, name, this.#subresource(target));
  }

  #create(): FuzzRequest {
    const target = this.#target();
    return this.#write('POST', target, this.#name(target), undefined);
  }

  #target(): FuzzTarget {
    return this.choices.one(this.choices.chance(0.8) ? builtInTargets : customTargets);
  }

  #name(target: FuzzTarget): string {
    if (this.choices.chance(0.97)) return target.name(this.choices.below(12));
    return encodeURIComponent(String(this.choices.one(nasty)).slice(0, 300).toWellFormed());
  }

  /** Of an object that is there, or may be. */
  #place(): { readonly target: FuzzTarget; readonly name: string } {
    const { choices } = this;
    if (this.#seen.length > 0 && choices.chance(0.5)) {
      const { target, object } = choices.one(this.#seen);
      return { target, name: encodeURIComponent(nameOf(object)) };
    }
    const target = this.#target();
    return { target, name: this.#name(target) };
  }

  #subresource({ subresources }: FuzzTarget): string {
    return this.choices.chance(0.3) ? '' : this.choices.chance(0.05) ? this.choices.one(['x', 'status', 'scale', '__proto__']) : subresources.length === 0 ? '' : this.choices.one(subresources);
  }

  #read(target: FuzzTarget, name: string): FuzzRequest {
    const { choices } = this;
    const subresource = this.#subresource(target);
    if (choices.chance(0.5)) return this.#request(choices.chance(0.9) ? 'GET' : 'HEAD', choices.chance(0.5) ? collectionOf(target) : `${collectionOf(target)}/${name}${subresource === '' ? '' : `/${subresource}`}`);
    const across = target.kind.namespaced && choices.chance(0.3);
    const collection = across ? collectionOf(target).replace(/\/namespaces\/[^/]+/, '') : collectionOf(target);
    const path = choices.chance(0.1) ? collection.replace(/^(\/api\/v1|\/apis\/[^/]+\/[^/]+)/, '$1/watch') : choices.chance(0.1) ? `${collectionOf(target)}/${name}` : collection;
    return { ...this.#request('GET', path, { query: watchQuery(choices) }), breakOffMs: choices.one([20, 100, 1500]) };
  }

  #connection(): FuzzRequest {
    const { choices } = this;
    const headers = choices.chance(0.6) ? upgradeHeaders(choices) : {};
    const body = choices.chance(0.2) ? { body: Buffer.from('x'.repeat(choices.below(2000))), contentType: 'text/plain' } : {};
    return { ...this.#request(choices.one(['GET', 'GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS']), connectionPath(choices), { ...body, headers, query: streamQuery(choices) }), breakOffMs: 3000 };
  }

  #object(target: FuzzTarget, name: string, subresource: string | undefined): Record<string, unknown> {
    const { choices } = this;
    const other = subresource === undefined ? undefined : subresourceBody(subresource, name, choices);
    if (other !== undefined) return other;
    return choices.chance(subresource === 'status' ? 0.3 : 0.75) ? target.sound(name, choices) : target.random(name, choices);
  }

  #write(method: string, target: FuzzTarget, name: string, subresource: string | undefined): FuzzRequest {
    const below = subresource === undefined || subresource === '' ? '' : `/${subresource}`;
    const path = `${collectionOf(target)}${subresource === undefined ? '' : `/${name}${below}`}`;
    return this.#send(method, path, this.#object(target, name, subresource), { target, subresource: subresource ?? '' });
  }

  /** What somebody has read, changed and sends back. */
  #again(): FuzzRequest {
    const { choices } = this;
    if (this.#seen.length === 0) return this.next();
    const { target, object } = choices.one(this.#seen);
    const subresource = choices.chance(0.3) && target.subresources.includes('status') ? 'status' : '';
    const copy = choices.chance(0.5) ? withoutVersion(object) : object;
    return this.#send('PUT', `${collectionOf(target)}/${encodeURIComponent(nameOf(object))}${subresource === '' ? '' : '/status'}`, copy, { target, subresource });
  }

  #send(method: string, path: string, object: Record<string, unknown>, about: NonNullable<FuzzRequest['about']>): FuzzRequest {
    const { choices } = this;
    const shape = about.target.structs.get(about.subresource) ?? (about.subresource === 'status' ? about.target.structs.get('') : undefined);
    if (shape && choices.chance(0.25)) {
      const bytes = encoded(() => protobufBody(apiVersionOf(shape.kind), shape.kind.kind, shape.struct, object));
      return this.#request(method, path, { body: choices.chance(0.6) ? garbled(bytes, choices) : bytes, contentType: protobuf, about });
    }
    const value = choices.chance(0.6) ? this.#spoiled(object) : object;
    if (choices.chance(0.15)) return this.#request(method, path, { body: this.#yaml(value), contentType: 'application/yaml', about });
    return this.#request(method, path, { body: this.#text(value), contentType: choices.chance(0.97) ? 'application/json' : choices.one(['', 'text/plain', 'application/xml', 'multipart/form-data', 'application/cbor', 'application/json; charset=utf-16', protobuf]), about });
  }

  /** With something wrong somewhere; now and then where expressions and patterns stand. */
  #spoiled(object: Record<string, unknown>): unknown {
    const { choices } = this;
    if (!choices.chance(0.1)) return mutated(object, choices);
    return JSON.parse(JSON.stringify(object, (key, value: unknown) => (/expression|rule$/i.test(key) && typeof value === 'string' ? choices.one(expressions) : key === 'pattern' ? choices.one(patterns) : value)));
  }

  #patch(target: FuzzTarget, name: string): FuzzRequest {
    const { choices } = this;
    const type = choices.one(patchTypes);
    const subresource = choices.chance(0.6) ? '' : this.#subresource(target);
    const document = patchDocument(type, this.#object(target, name, subresource), choices);
    const path = `${collectionOf(target)}/${name}${subresource === '' ? '' : `/${subresource}`}`;
    const apply = type === strategies.apply ? { query: `?fieldManager=${choices.one(['a', 'b', 'c'])}${choices.chance(0.5) ? '&force=true' : ''}` } : {};
    return this.#request('PATCH', path, { body: type === strategies.apply && choices.chance(0.3) ? this.#yaml(document) : this.#text(document), contentType: type, about: { target, subresource }, ...apply });
  }

  #deleteOptions(): Part {
    const { choices } = this;
    if (choices.chance(0.7)) return {};
    const options = { kind: 'DeleteOptions', apiVersion: choices.one(['v1', 'meta.k8s.io/v1', 'x/v1']), propagationPolicy: choices.one(['Background', 'Foreground', 'Orphan', 'x']), gracePeriodSeconds: choices.one([0, 1, -1]), preconditions: choices.one([undefined, { uid: 'x' }, { resourceVersion: '5' }]), dryRun: choices.one([undefined, ['All'], ['x']]) };
    return { body: this.#text(choices.chance(0.5) ? mutated(options, choices) : options), contentType: 'application/json' };
  }

  #text(value: unknown): Buffer {
    if (this.choices.chance(0.01)) return Buffer.from(this.choices.one(bodies));
    const bytes = Buffer.from(JSON.stringify(value) ?? 'null');
    return this.choices.chance(0.06) ? garbled(bytes, this.choices) : bytes;
  }

  #yaml(value: unknown): Buffer {
    if (this.choices.chance(0.05)) return Buffer.from(this.choices.one(yamlBodies));
    const bytes = encoded(() => Buffer.from(stringify(value)));
    return this.choices.chance(0.06) ? garbled(bytes, this.choices) : bytes;
  }

  #request(method: string, path: string, { body, contentType = '', query: asked, headers = {}, about }: Part = {}): FuzzRequest {
    const { choices } = this;
    const url = path.includes('?') || path === '*' ? path : path + (asked ?? query(choices));
    return {
      method, path: url, body, ...(about ? { about } : {}), ...(choices.chance(0.005) ? { breakOffMs: choices.below(10) } : {}),
      headers: { ...(contentType === '' ? {} : { 'Content-Type': contentType }), ...anyHeaders(choices), ...headers },
    };
  }
}

const nameOf = (object: Record<string, unknown>): string => (object['metadata'] as { name?: string } | undefined)?.name ?? 'x';

/** What cannot be written down at all goes out as next to nothing. */
function encoded(encode: () => Buffer): Buffer {
  try {
    return encode();
  } catch {
    return Buffer.from('{');
  }
}

function withoutVersion(object: Record<string, unknown>): Record<string, unknown> {
  const { resourceVersion: _version, ...metadata } = object['metadata'] as Record<string, unknown>;
  return { ...object, metadata };
}
