import { readFileSync } from 'node:fs';

import { expect } from 'chai';

import { shapes } from './body-validation.ts';
import { isMutation, queryOf } from './method.ts';
import { methods } from './method-table.ts';

interface VendorMethod {
  readonly requestType: string;
  readonly responseType: string;
  readonly options: Readonly<Record<string, string>>;
}

interface VendorType {
  readonly methods?: Readonly<Record<string, VendorMethod>>;
  readonly fields?: Readonly<Record<string, { readonly type: string; readonly rule?: string; readonly keyType?: string }>>;
}

const file = new URL('../../../node_modules/@google-cloud/compute/build/protos/protos.json', import.meta.url);
const numbers: Readonly<Record<string, string>> = { int32: 'int', uint32: 'int', int64: 'long', uint64: 'long', float: 'number', double: 'number', bool: 'boolean', string: 'string', bytes: 'string' };

/** What the vendor's own model has of this emulator's tables. */
describe('the Compute Engine emulator and the model of @google-cloud/compute', function () {
  this.timeout(60_000);
  let model: Readonly<Record<string, VendorType>>;

  before(() => {
    model = JSON.parse(readFileSync(file, 'utf8')).nested.google.nested.cloud.nested.compute.nested.v1.nested;
  });

  it('have the same fields of the same types in every message', () => {
    for (const [name, shape] of shapes) {
      const fields = model[name]?.fields;
      expect([...shape.keys()].toSorted(), name).to.deep.equal(Object.keys(fields ?? {}).toSorted());
      for (const [field, { type, rule, keyType }] of Object.entries(fields ?? {})) {
        const ours = shape.get(field);
        if (ours === undefined || ours.type === 'output') continue;
        const at = `${name}.${field}`;
        expect(ours.type === 'map', at).to.equal(keyType !== undefined);
        if (ours.type === 'map') continue;
        expect(ours.list, at).to.equal(rule === 'repeated');
        if (ours.type === 'object') expect(ours.message, at).to.equal(type);
        else if (ours.type !== 'enum') expect(ours.type, at).to.equal(numbers[type]);
      }
    }
    expect(shapes.size).to.be.greaterThan(100);
  });

  it('have the same verb, path, query and body of every method', () => {
    for (const method of methods) {
      const vendor = vendorMethod(model, method.id);
      const path = `/compute/v1/projects/{project}${method.path === '' ? '' : `/${method.path}`}`;
      const http = (option: string) => vendor.options[`(google.api.http).${option}`] ?? '';
      expect(http(method.verb.toLowerCase()).replaceAll(/\{(\w+)\}/g, (_, field: string) => `{${camel(field)}}`), method.id).to.equal(path);
      const fields = model[vendor.requestType]?.fields ?? {};
      const body = camel(http('body'));
      expect(method.body, method.id).to.equal(fields[body]?.type);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, field]) => field);
      const query = Object.keys(fields).filter((field) => field !== body && !inPath.includes(field) && !refused.has(field));
      expect(queryOf(method).toSorted(), method.id).to.deep.equal(query.toSorted());
      expect(isMutation(method), method.id).to.equal(vendor.responseType === 'Operation' && !method.id.includes('Operations.'));
    }
    expect(methods.length).to.be.greaterThan(100);
  });
});

function vendorMethod(model: Readonly<Record<string, VendorType>>, id: string): VendorMethod {
  const [service = '', name = ''] = id.split('.').slice(1).map((part) => `${part.charAt(0).toUpperCase()}${part.slice(1)}`);
  const method = model[service]?.methods?.[name];
  if (method === undefined) throw new Error(`the vendor has no ${id}`);
  return method;
}

/** Parameters of the vendor's that the emulator refuses, since it could not do what they ask for. */
const refused = new Set(['sourceInstanceTemplate', 'sourceMachineImage', 'view', 'views']);

function camel(name: string): string {
  return name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
