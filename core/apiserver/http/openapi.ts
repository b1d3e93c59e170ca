import { createHash } from 'node:crypto';
import { openApiDocument } from '#core/api/schema/openapi.ts';
import type { ResourceIndex } from '#core/apiserver/api.ts';
import { groupsOf, subresourcesOf } from './discovery.ts';

interface Document {
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
  }

  /** `/openapi/v3`: where each group-version's document is; the hash lets clients keep it for ever. */
  index(): object {
    const paths: Record<string, { serverRelativeURL: string }> = {};
    for (const { group, versions } of groupsOf(this.resources)) {
      for (const version of versions) {
        const path = group === '' ? `api/${version}` : `apis/${group}/${version}`;
        const document = this.document(path);
        if (document) paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${document.hash}` };
      }
    }
    return { paths };
  }

  /** @param path such as `api/v1` or `apis/storage.k8s.io/v1` */
  document(path: string): Document | undefined {
    const known = this.documents.get(path);
    if (known) return known;
    const match = /^(?:api\/(v[a-z0-9]+)|apis\/([a-z0-9.-]+)\/(v[a-z0-9]+))$/.exec(path);
    if (!match) return undefined;
    const [group, version] = match[1] === undefined ? [match[2] ?? '', match[3] ?? ''] : ['', match[1]];
    const served = this.resources.groupVersion(group, version);
    if (served.length === 0) return undefined;
    const text = JSON.stringify(openApiDocument({ group, version }, served.map((resource) => ({
      kind: resource.kind, subresources: subresourcesOf(resource).map(({ name }) => name),
    })), this.version));
    const document = { text, hash: createHash('sha512').update(text).digest('hex').toUpperCase().slice(0, 64) };
    this.documents.set(path, document);
    return document;
  }
}
