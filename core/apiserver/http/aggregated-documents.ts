import { createHash } from 'node:crypto';
import { aggregated, type Catalog } from './discovery.ts';

export interface AggregatedDocument {
  readonly bytes: Buffer;
  readonly etag: string;
}

/** The two documents that hold all of discovery, in each of their versions, made when they are asked for and kept until something changes. */
export class AggregatedDocuments {
  private readonly catalog: Catalog;
  private readonly documents = new Map<string, AggregatedDocument>();

  constructor(catalog: Catalog) {
    this.catalog = catalog;
  }

  forget(): void {
    this.documents.clear();
  }

  /** @param core chooses between `/api` and `/apis` */
  of(core: boolean, version: string): AggregatedDocument {
    const key = `${core ? 'api' : 'apis'} ${version}`;
    let document = this.documents.get(key);
    if (document === undefined) {
      const bytes = Buffer.from(`${JSON.stringify(aggregated(this.catalog, core, version))}\n`);
      document = { bytes, etag: `"${createHash('sha512').update(bytes).digest('hex').toUpperCase()}"` };
      this.documents.set(key, document);
    }
    return document;
  }
}
