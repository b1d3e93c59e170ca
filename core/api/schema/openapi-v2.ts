import type { Parameter } from './openapi-parameters.ts';
import type { Content, Method, Operation } from './openapi-paths.ts';
import { builtInDefinition, customDefinition, type Naming } from './openapi-v2-schema.ts';
import type { Schema } from './openapi-type.ts';

export type SwaggerParameter =
  | (Pick<Parameter, 'name' | 'in' | 'required'> & { readonly description?: string; readonly type: string; readonly uniqueItems: true })
  | { readonly name: 'body'; readonly in: 'body'; readonly required?: boolean; readonly schema: Schema };

export interface SwaggerOperation extends Partial<Pick<Operation, 'description' | 'operationId' | 'tags' | 'x-kubernetes-action' | 'x-kubernetes-group-version-kind'>> {
  readonly consumes?: readonly string[];
  readonly produces: readonly string[];
  readonly parameters?: readonly SwaggerParameter[];
  readonly responses: Readonly<Record<string, { readonly description: string; readonly schema?: Schema }>>;
}

export type SwaggerPathItem = Partial<Record<Method, SwaggerOperation>> & { readonly parameters: readonly SwaggerParameter[] };

/** All of an OpenAPI v2 document but what it says of the API. */
export interface SwaggerHead {
  readonly swagger: '2.0';
  readonly info: { readonly title: 'Kubernetes'; readonly version: string };
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly securityDefinitions: Readonly<Record<string, { readonly type: string; readonly name: string; readonly in: string; readonly description: string }>>;
}

export interface SwaggerPart {
  readonly paths: Readonly<Record<string, SwaggerPathItem>>;
  readonly definitions: Readonly<Record<string, Schema>>;
}

/** @param version of the server */
export const swaggerHead = (version: string): SwaggerHead => ({
  swagger: '2.0',
  info: { title: 'Kubernetes', version },
  securityDefinitions: { BearerToken: { description: 'Bearer Token authentication', type: 'apiKey', name: 'authorization', in: 'header' } },
  security: [{ BearerToken: [] }],
});

const methods: readonly Method[] = ['get', 'put', 'post', 'delete', 'patch'];

/** A v3 document, of which others may leave out much. */
export interface DescribedApi {
  readonly paths?: Readonly<Record<string, DescribedPath>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

type DescribedPath = Partial<Record<Method, DescribedOperation>> & Pick<DescribedOperation, 'parameters'>;
interface DescribedOperation extends Omit<Partial<Operation>, 'responses'> {
  readonly responses?: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

/**
 * The one OpenAPI v2 document of all kinds, from the v3 documents of each group-version, one after the other. What several of them describe
 * comes with the first.
 */
export class SwaggerParts {
  /** Of each definition, the kinds that it describes. */
  private readonly known = new Map<string, string>();

  /**
   * @param isBuiltIn of a component: it is made from the tables and not from a schema that somebody else wrote
   * @param write takes what is new; when it throws nothing was added
   * @throws {TypeError} when the document is none, or refers to what it does not have
   */
  add({ paths = {}, components: { schemas = {} } = {} }: DescribedApi, isBuiltIn: (component: string) => boolean, write: (part: SwaggerPart) => void): void {
    const found = Object.entries(schemas).map(([component, schema]) => ({ component, schema, name: this.nameFor(component, kindsOf(schema)) }));
    const names = new Map(found.map(({ component, name }) => [component, name]));
    const naming: Naming = {
      definitionOf(component) {
        const name = names.get(component);
        if (name === undefined) throw new TypeError(`the document refers to ${component}, which it does not have`);
        return name;
      },
    };
    const fresh = found.filter(({ name }) => !this.known.has(name));
    write({
      paths: mapped(paths, (item) => pathItem(item, naming)),
      definitions: Object.fromEntries(fresh.map(({ component, schema, name }) => [name, isBuiltIn(component) ? builtInDefinition(schema, naming) : customDefinition(schema, naming)])),
    });
    for (const { name, schema } of fresh) this.known.set(name, kindsOf(schema));
  }

  /** Groups can be chosen so that their kinds come to the names of others. */
  private nameFor(component: string, kinds: string): string {
    let name = component;
    for (let next = 2; (this.known.get(name) ?? kinds) !== kinds; next++) name = `${component}_v${next}`;
    return name;
  }
}

const kindsOf = ({ 'x-kubernetes-group-version-kind': kinds = [] }: Schema): string => kinds.map(({ group, version, kind }) => `${group}/${version}/${kind}`).sort().join(' ');

const mapped = <T, R>(record: Readonly<Record<string, T>>, change: (value: T) => R): Record<string, R> => Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));

function pathItem(item: DescribedPath, naming: Naming): SwaggerPathItem {
  return {
    ...Object.fromEntries(methods.flatMap((method) => {
      const operation = item[method];
      return operation ? [[method, swaggerOperation(operation, naming)]] : [];
    })),
    parameters: plainParameters(item.parameters),
  };
}

function swaggerOperation({ parameters, requestBody, responses = {}, ...rest }: DescribedOperation, naming: Naming): SwaggerOperation {
  const [schema] = schemasOf(requestBody?.content, naming);
  const body: SwaggerParameter[] = schema ? [{ name: 'body', in: 'body', ...(requestBody?.required === true ? { required: true } : {}), schema }] : [];
  const all = [...body, ...plainParameters(parameters)];
  return {
    ...rest,
    ...(requestBody ? { consumes: Object.keys(requestBody.content) } : {}),
    produces: [...new Set(Object.values(responses).flatMap(({ content = {} }) => Object.keys(content)))],
    ...(all.length === 0 ? {} : { parameters: all }),
    responses: mapped(responses, ({ description, content }) => {
      const [given] = schemasOf(content, naming);
      return { description, ...(given ? { schema: given } : {}) };
    }),
  };
}

const schemasOf = (content: Content | undefined, naming: Naming): Schema[] => Object.values(content ?? {}).map(({ schema }) => builtInDefinition(schema, naming));

function plainParameters(parameters: readonly Parameter[] = []): SwaggerParameter[] {
  return parameters.filter(({ in: place }) => place === 'query' || place === 'path').map(({ name, in: place, description, required, schema }) => ({
    name, in: place, ...(description === undefined ? {} : { description }), ...(required === true ? { required } : {}), type: schema.type ?? 'string', uniqueItems: true,
  }));
}
