const symbols: Readonly<Record<string, string>> = { '.': '__dot__', '-': '__dash__', '/': '__slash__' };
const keywords: ReadonlySet<string> = new Set([
  'true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import', 'let', 'loop', 'package', 'namespace',
  'return', 'var', 'void', 'while',
]);
const escapable = /^[A-Za-z_./-][A-Za-z0-9_./-]*$/;

/**
 * How an expression spells the field of an object: `foo.bar` is `foo__dot__bar`, `namespace` is `__namespace__`. Undefined for names that no
 * expression can spell.
 */
export function escapeName(name: string): string | undefined {
  if (!escapable.test(name)) return undefined;
  if (keywords.has(name)) return `__${name}__`;
  return name.replaceAll('__', '__underscores__').replaceAll(/[./-]/g, (symbol) => symbols[symbol] ?? symbol);
}

/** Words that may name a field but no variable. */
export const isKeyword = (word: string): boolean => keywords.has(word);
