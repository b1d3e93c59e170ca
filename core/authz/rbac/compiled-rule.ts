import type { Attributes } from '#core/api/access.ts';
import type { PolicyRule } from '#core/api/schema/rbac-v1.ts';

/** A request, prepared for asking many rules. */
export interface Question {
  readonly verb: string;
  readonly group: string;
  /** `pods` or `pods/log`; undefined when the request is to no resource. */
  readonly resource: string | undefined;
  /** What also stands for the resource: a star in place of `pods`. Undefined without a subresource. */
  readonly subresourceOfAny: string | undefined;
  readonly name: string;
  readonly path: string;
}

export function questionOf({ verb, group = '', resource, subresource = '', name = '', path }: Attributes): Question {
  if (resource === undefined || subresource === '') return { verb, group, resource, subresourceOfAny: undefined, name, path };
  return { verb, group, resource: `${resource}/${subresource}`, subresourceOfAny: `*/${subresource}`, name, path };
}

/** Undefined stands for every value. */
type Choice = ReadonlySet<string> | undefined;

const choiceOf = (values: readonly string[] = []): Choice => (values.includes('*') ? undefined : new Set(values));
const fits = (choice: Choice, value: string): boolean => choice === undefined || choice.has(value);

function withoutStars(url: string): string {
  let end = url.length;
  while (end > 0 && url[end - 1] === '*') end--;
  return url.slice(0, end);
}

/** A PolicyRule in a form that is quick to ask. */
export class CompiledRule {
  readonly #verbs: Choice;
  readonly #groups: Choice;
  readonly #resources: Choice;
  /** Undefined: any object. */
  readonly #names: Choice;
  readonly #paths: Choice;
  readonly #pathPrefixes: readonly string[];

  constructor({ verbs, apiGroups, resources, resourceNames = [], nonResourceURLs = [] }: PolicyRule) {
    this.#verbs = choiceOf(verbs);
    this.#groups = choiceOf(apiGroups);
    this.#resources = choiceOf(resources);
    this.#names = resourceNames.length === 0 ? undefined : new Set(resourceNames);
    this.#paths = choiceOf(nonResourceURLs);
    this.#pathPrefixes = nonResourceURLs.filter((url) => url.endsWith('*')).map(withoutStars);
  }

  allows(question: Question): boolean {
    if (!fits(this.#verbs, question.verb)) return false;
    const { resource } = question;
    return resource === undefined ? this.#allowsPath(question.path) : this.#allowsResource(resource, question);
  }

  #allowsResource(resource: string, { group, subresourceOfAny, name }: Question): boolean {
    if (!fits(this.#groups, group)) return false;
    const named = fits(this.#resources, resource) || (subresourceOfAny !== undefined && fits(this.#resources, subresourceOfAny));
    return named && fits(this.#names, name);
  }

  #allowsPath(path: string): boolean {
    return fits(this.#paths, path) || this.#pathPrefixes.some((prefix) => path.startsWith(prefix));
  }
}

export const compileRules = (rules: readonly PolicyRule[] = []): readonly CompiledRule[] => rules.map((rule) => new CompiledRule(rule));

export const anyAllows = (rules: readonly CompiledRule[], question: Question): boolean => rules.some((rule) => rule.allows(question));
