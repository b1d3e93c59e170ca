import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { KeelsonModule } from '#core/kernel/module.ts';
import { builtIn, type ModuleKind } from './built-in.ts';
import { bundled } from './bundle.ts';
import { UsageError } from './failure.ts';

/**
 * An address, such as `etcd://10.0.0.1:2379`, names its module by the scheme, and the module gets it in its settings.
 * @throws {UsageError} when there is no such module, or it is none
 */
export async function loadModule(kind: ModuleKind, name: string): Promise<KeelsonModule> {
  const scheme = /^([a-z][a-z0-9-]*):\/\//.exec(name)?.[1];
  return scheme === undefined ? loadNamed(kind, name) : at(name, await loadNamed(kind, moduleOf(kind, scheme)));
}

async function loadNamed(kind: ModuleKind, name: string): Promise<KeelsonModule> {
  const specifier = specifierOf(kind, name);
  const { keelsonModule } = await importOrExplain(kind, name, specifier);
  if (!isKeelsonModule(keelsonModule)) {
    throw new UsageError(`${kind} "${name}" exports no keelsonModule with a name and a create function (${specifier})`);
  }
  return keelsonModule;
}

/** @throws {UsageError} also when two of them are the same */
export async function loadModules(kind: ModuleKind, names: readonly string[]): Promise<KeelsonModule[]> {
  const modules = await Promise.all(names.map((name) => loadModule(kind, name)));
  for (const [index, { name }] of modules.entries()) {
    const first = modules.findIndex((other) => other.name === name);
    if (first !== index) throw new UsageError(`${kind} "${name}" is given twice: as ${withoutPassword(names[first])} and as ${withoutPassword(names[index])}`);
  }
  return modules;
}

/** `etcds` is `etcd` over TLS. */
function moduleOf(kind: ModuleKind, scheme: string): string {
  const plain = scheme.replace(/s$/, '');
  return !builtIn[kind].has(scheme) && builtIn[kind].has(plain) ? plain : scheme;
}

/** The module, as it is for this address. */
const at = (url: string, module: KeelsonModule): KeelsonModule => ({
  ...module,
  create: (settings) => module.create({ ...settings, url }),
  abilities: async (settings) => module.abilities?.({ ...settings, url }) ?? [],
});

const withoutPassword = (name = ''): string => name.replace(/:\/\/[^/]*@/, '://…@');

function specifierOf(kind: ModuleKind, name: string): string {
  if (/^\.{0,2}\//.test(name)) return pathToFileURL(resolve(name)).href;
  const known = builtIn[kind].get(name);
  if (known !== undefined) return known;
  if (/^(@[a-z0-9._~-]+\/)?[a-z0-9_~-][a-z0-9._~/-]*$/i.test(name)) return name;
  throw new UsageError(`${kind} "${name}" is neither built in (${[...builtIn[kind].keys()].join(', ')}), nor the name of a package, nor a path that starts with ./ or /`);
}

async function importOrExplain(kind: ModuleKind, name: string, specifier: string): Promise<{ keelsonModule?: unknown }> {
  try {
    return (await (bundled.get(specifier)?.() ?? import(specifier))) as { keelsonModule?: unknown };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND' && isAbout(error, specifier);
    const needed = missing ? undefined : missingPackage(error);
    if (needed !== undefined) throw new UsageError(`${kind} "${name}" needs the package ${needed}, which is not installed: npm install ${needed}`, { cause: error });
    if (!missing) throw new Error(`${kind} "${name}" could not be loaded`, { cause: error });
    throw new UsageError(specifier.startsWith('file:')
      ? `${kind} "${name}": there is no file ${resolve(name)}`
      : `${kind} "${name}" is neither built in (${[...builtIn[kind].keys()].join(', ')}) nor an installed package; npm install ${name} would install it`, { cause: error });
  }
}

/** The module itself is missing, and not something that it imports. */
const isAbout = (error: unknown, specifier: string): boolean =>
  error instanceof Error && (error.message.includes(`'${specifier}'`) || (error as { url?: string }).url === specifier);

/** Node says `Cannot find package '@aws-sdk/client-ec2' imported from ...`. */
const missingPackage = (error: unknown): string | undefined =>
  (error instanceof Error && (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND' ? /^Cannot find package '([^']+)'/.exec(error.message)?.[1] : undefined);

const isKeelsonModule = (value: unknown): value is KeelsonModule =>
  typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string' && value.name !== '' && 'create' in value && typeof value.create === 'function';
