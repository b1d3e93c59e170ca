import { readFile } from 'node:fs/promises';
import { isObject, own } from '#core/api/value.ts';
import type { KeelsonModule, ModuleSettings } from '#core/kernel/module.ts';
import { UsageError } from './failure.ts';

/** Settings of providers, by the names of their modules; what they mean is the modules' own matter. */
export class ProviderConfig {
  readonly #path: string;
  readonly #sections: Readonly<Record<string, unknown>>;

  private constructor(path: string, sections: Readonly<Record<string, unknown>>) {
    this.#path = path;
    this.#sections = sections;
  }

  /**
   * A YAML file with a section for each provider; nothing for ''.
   * @throws {UsageError} when it cannot be read, or is none
   */
  static async read(path: string): Promise<ProviderConfig> {
    if (path === '') return new ProviderConfig(path, {});
    const text = await readFile(path, 'utf8').catch((cause: unknown) => {
      throw new UsageError(`--provider-config ${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    });
    const { parseDocument } = await import('yaml');
    const document = parseDocument(text);
    const [error] = document.errors;
    if (error) throw new UsageError(`--provider-config ${path} is not YAML: ${error.message.split(':\n', 1)[0]}`);
    const sections: unknown = document.toJS() ?? {};
    if (!isObject(sections) || !Object.values(sections).every((section) => section === null || isObject(section))) {
      throw new UsageError(`--provider-config ${path} must have a section of settings for each provider, such as\nlocal:\n  loadBalancerPool: [10.9.0.0/24]`);
    }
    return new ProviderConfig(path, sections);
  }

  /** @throws {UsageError} when there is a section for a provider that is none of these */
  checkSections(modules: readonly KeelsonModule[]): void {
    const names = modules.map(({ name }) => name);
    const stranger = Object.keys(this.#sections).find((name) => !names.includes(name));
    if (stranger !== undefined) throw new UsageError(`--provider-config ${this.#path} has settings of ${JSON.stringify(stranger)}, which is none of the providers: ${names.join(', ') || 'there are none'}`);
  }

  of({ name }: KeelsonModule): Pick<ModuleSettings, 'config'> {
    const section = own(this.#sections, name);
    return isObject(section) ? { config: section } : {};
  }
}
