import { builtIn, noModule, type ModuleKind } from './built-in.ts';

/** The built-in modules that are in the bundle this process runs from, by their specifiers; empty when it runs from its files. */
export const bundled = new Map<string, () => Promise<unknown>>();

const kinds = Object.keys(builtIn) as ModuleKind[];

/**
 * Whether the arguments name a module that is not built in. It imports Keelson's files, and their classes must be the ones that the process
 * itself uses, so Keelson then runs from its files too.
 */
export function needsFiles(args: readonly string[]): boolean {
  return kinds.some((kind) => valuesOf(`--${kind}`, args).some((value) => !isBuiltIn(kind, value)));
}

const valuesOf = (flag: string, args: readonly string[]): string[] =>
  args.flatMap((arg, index) => (arg.startsWith(`${flag}=`) ? [arg.slice(flag.length + 1)] : args[index - 1] === flag ? [arg] : []));

function isBuiltIn(kind: ModuleKind, value: string): boolean {
  if (value === noModule) return true;
  const [name = ''] = value.split('://', 1);
  return builtIn[kind].has(name) || (name !== value && builtIn[kind].has(name.replace(/s$/, '')));
}
