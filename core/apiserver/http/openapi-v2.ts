import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createGzip, gunzip } from 'node:zlib';
import { apiVersionOf } from '#core/api/schema/kind.ts';
import { openApiDocument } from '#core/api/schema/openapi.ts';
import { rootOf } from '#core/api/schema/openapi-paths.ts';
import { swaggerHead, SwaggerParts, type DescribedApi, type SwaggerPart } from '#core/api/schema/openapi-v2.ts';
import { isObject } from '#core/api/value.ts';
import type { ExtensionVersion } from '#core/apiserver/aggregation/extension-discovery.ts';
import type { ResourceIndex } from '#core/apiserver/resource-index.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import { servedOf } from './openapi.ts';
import { encodingFor, type Encoding } from './openapi-v2-encodings.ts';

interface Document {
  readonly zipped: Buffer;
  readonly etag: string;
}

/** So long after it was last asked for a document is kept. */
const idleMs = 300_000;

const unzip = promisify(gunzip);

/** What other API servers serve. */
export interface OtherApis {
  readonly versions: readonly ExtensionVersion[];
  /** The OpenAPI v3 document of a group-version, as its server gives it; undefined when it gives none just now. */
  openApi(version: ExtensionVersion): Promise<unknown>;
  onChange(listener: () => void): () => void;
}

export interface OpenApiV2Options {
  readonly resources: ResourceIndex;
  readonly extensions?: OtherApis | undefined;
  /** Of the server. */
  readonly version: string;
  readonly clock: Clock;
}

/**
 * OpenAPI v2: one large document of everything that is served. It is made from those of v3 when it is asked for, a group-version or custom
 * kind at a time so that other requests are answered meanwhile, and kept in its compressed form for as long as it stays in use.
 */
export class OpenApiV2 {
  private readonly options: OpenApiV2Options;
  private readonly documents = new Map<Encoding, Promise<Document>>();
  private cancel: () => void = () => undefined;

  constructor(options: OpenApiV2Options) {
    this.options = options;
    options.resources.onChange(() => this.documents.clear());
    options.extensions?.onChange(() => this.documents.clear());
  }

  /** @throws {StatusError} NotAcceptable */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const encoding = encodingFor(request.headers.accept);
    const { zipped, etag } = await this.document(encoding);
    response.setHeader('Vary', 'Accept, Accept-Encoding');
    response.setHeader('ETag', etag);
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304);
      response.end();
      return;
    }
    const takesZipped = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(String(request.headers['accept-encoding'] ?? ''));
    const bytes = takesZipped ? zipped : await unzip(zipped);
    response.writeHead(200, { 'Content-Type': encoding.contentType, 'Content-Length': bytes.length, ...(takesZipped ? { 'Content-Encoding': 'gzip' } : {}) });
    response.end(bytes);
  }

  private document(encoding: Encoding): Promise<Document> {
    this.cancel();
    this.cancel = this.options.clock.after(idleMs, () => this.documents.clear());
    const known = this.documents.get(encoding);
    if (known) return known;
    const forget = (): void => {
      if (this.documents.get(encoding) === made) this.documents.delete(encoding);
    };
    const made = this.make(encoding, forget);
    this.documents.set(encoding, made);
    made.catch(forget);
    return made;
  }

  /** @param lack is called when something is missing that may be there the next time */
  private async make(encoding: Encoding, lack: () => void): Promise<Document> {
    const paths: [string, Buffer][] = [];
    const definitions: [string, Buffer][] = [];
    const write = (part: SwaggerPart): void => {
      const [newPaths, newDefinitions] = [entries(part.paths, encoding.path), entries(part.definitions, encoding.definition)];
      paths.push(...newPaths);
      definitions.push(...newDefinitions);
    };
    const parts = new SwaggerParts();
    for (const resources of this.steps()) {
      const served = resources.map(servedOf);
      const [first] = served;
      const custom = new Set(served.flatMap(({ kind, schema }) => (schema ? [kind.struct.name] : [])));
      if (first) parts.add(openApiDocument(first.kind, served, this.options.version), (component) => !custom.has(component), write);
      await othersTurn();
    }
    for (const { version, document } of await this.others()) {
      try {
        parts.add(described(document, `${rootOf(version)}/`), () => false, write);
      } catch {
        // What others write is no reason to have nothing at all.
        lack();
      }
      await othersTurn();
    }
    return zip(encoding.document(swaggerHead(this.options.version), sorted(paths), sorted(definitions)));
  }

  private async others(): Promise<readonly { version: ExtensionVersion; document: unknown }[]> {
    const { extensions } = this.options;
    const versions = (extensions?.versions ?? []).filter(({ openApi, freshness }) => openApi !== undefined && freshness === 'Current');
    return Promise.all(versions.map(async (version) => ({ version, document: await extensions?.openApi(version) })));
  }

  /** What is described in one go. */
  private *steps(): IterableIterator<readonly AnyResource[]> {
    const { resources, extensions } = this.options;
    const elsewhere = new Set(extensions?.versions.map(apiVersionOf));
    const builtIn = new Map<string, AnyResource[]>();
    const custom: AnyResource[] = [];
    for (const resource of resources.all) {
      const groupVersion = apiVersionOf(resource.kind);
      if (elsewhere.has(groupVersion)) continue;
      const same = builtIn.get(groupVersion);
      if ('openApi' in resource) custom.push(resource);
      else if (same) same.push(resource);
      else builtIn.set(groupVersion, [resource]);
    }
    yield* builtIn.values();
    for (const resource of custom) yield [resource];
  }
}

const entries = <T>(record: Readonly<Record<string, T>>, write: (name: string, value: T) => Buffer): [string, Buffer][] => Object.entries(record).map(([name, value]) => [name, write(name, value)]);

/** @param root where its paths must be @throws {TypeError} */
function described(document: unknown, root: string): DescribedApi {
  if (!isObject(document)) throw new TypeError('no OpenAPI document');
  const { paths = {} } = document as DescribedApi;
  return { ...document, paths: Object.fromEntries(Object.entries(paths).filter(([path]) => path.startsWith(root))) };
}

async function zip(pieces: readonly Buffer[]): Promise<Document> {
  const hash = createHash('sha512');
  const zipped: Buffer[] = [];
  const stream = createGzip();
  stream.on('data', (chunk: Buffer) => zipped.push(chunk));
  for (const piece of pieces) {
    hash.update(piece);
    if (!stream.write(piece)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'end');
  return { zipped: Buffer.concat(zipped), etag: `"${hash.digest('hex').toUpperCase()}"` };
}

const sorted = (entries: [string, Buffer][]): Buffer[] => entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, bytes]) => bytes);
