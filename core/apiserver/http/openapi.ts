import { createHash } from 'node:crypto';
import { setImmediate as othersTurn } from 'node:timers/promises';
import type { Served } from '#core/api/schema/openapi-paths.ts';
import { openApiDocument } from '#core/api/schema/openapi.ts';
import type { ResourceIndex } from '#core/apiserver/resource-index.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import type { ExtensionVersion } from '#core/apiserver/aggregation/extension-discovery.ts';
import { subresourcesOf, verbsOf } from './discovery.ts';

interface Document {
  /** What it describes. */
  readonly made: readonly AnyResource[];
  readonly text: string;
  readonly hash: string;
}

/** OpenAPI v3, one document a group-version, made when first asked for and kept. */
export class OpenApi {
  private readonly resources: ResourceIndex;
  private readonly version: string;
  private readonly documents = new Map<string, Document>();

  constructor(resources: ResourceIndex, version: string) {
    this.resources = resources;
    this.version = version;
    resources.onChange(() => this.forget());
  }

  /** Built-in kinds never change; the documents of other groups are made anew when one of theirs did. */
  private forget(): void {
    for (const [path, { made }] of this.documents) {
      const served = this.servedAt(path);
      if (served.length !== made.length || served.some((resource, i) => resource !== made[i])) this.documents.delete(path);
    }
  }

  private servedAt(path: string): readonly AnyResource[] {
    const match = /^(?:api\/(v[a-z0-9]+)|apis\/([a-z0-9.-]+)\/([a-z0-9-]+))$/.exec(path);
    if (!match) return [];
    const [group, version] = match[1] === undefined ? [match[2] ?? '', match[3] ?? ''] : ['', match[1]];
    return this.resources.groupVersion(group, version);
  }

  /** `/openapi/v3`: where each group-version's document is; the hash lets clients keep it for ever. @param extensions those of other servers */
  async index(extensions: readonly ExtensionVersion[]): Promise<object> {
    const paths: Record<string, { serverRelativeURL: string }> = {};
    for (const path of new Set(this.resources.all.map(({ kind }) => pathOf(kind)))) {
      const known = this.documents.has(path);
      const document = this.document(path);
      if (document === undefined) continue;
      paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${document.hash}` };
      if (!known) await othersTurn();
    }
    for (const { openApi, ...names } of extensions) {
      const path = pathOf(names);
      delete paths[path];
      if (openApi !== undefined) paths[path] = { serverRelativeURL: openApi };
    }
    return { paths };
  }

  /** @param path such as `api/v1` or `apis/storage.k8s.io/v1` */
  document(path: string): Document | undefined {
    const known = this.documents.get(path);
    if (known) return known;
    const served = this.servedAt(path);
    const [first] = served;
    if (first === undefined) return undefined;
    const text = JSON.stringify(openApiDocument(first.kind, served.map(servedOf), this.version));
    const document = { made: served, text, hash: createHash('sha512').update(text).digest('hex').toUpperCase().slice(0, 64) };
    this.documents.set(path, document);
    return document;
  }
}

/** What the documents say of a resource. */
export function servedOf(resource: AnyResource): Served {
  const { kind, openApi } = resource;
  return { kind, subresources: subresourcesOf(resource), verbs: verbsOf(resource), apply: true, ...(openApi ? { schema: openApi } : {}) };
}

const pathOf = ({ group, version }: { readonly group: string; readonly version: string }): string => (group === '' ? `api/${version}` : `apis/${group}/${version}`);
