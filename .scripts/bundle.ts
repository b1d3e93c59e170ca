import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { basename, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { builtIn } from '#core/cli/built-in.ts';

/*
 * Makes one program of Keelson's files, and of the packages that consist of hundreds of them: started from it, the process needs 40 MB less and is
 * ready 300 ms earlier than with a module for each of 1,700 files.
 */

const root = join(import.meta.dirname, '..');
/** Where `.scripts/keelson` keeps the one of the sources. */
const usual = join(root, 'node_modules', '.cache', 'keelson-bundle');
/** Files of worker threads and processes, which get a bundle of their own, by their folders. */
const workers = ['core/apiserver/http/yaml-worker', 'core/authn/certificate-worker', 'core/agent/server/port-forward/dial-worker', 'plugins/store/sqlite/worker'] as const;
/** Other packages stay where npm has put them: etcd and probes have use for them, most processes none. */
const packages = /^(@peculiar\/x509|dns-packet|dockerode|execa|inversify|reflect-metadata|ws|yaml)(\/|$)/;
/** Parts of dockerode that take SSH, gRPC and protobuf along, 8 MB, and that one of its calls in a hundred needs. */
const seldom = /^\.\/(buildkit|session|ssh)$/;
/** To a module, all that Node's own exports must exist at once, so these would bring an HTTP client of 5 MB, and a parser of MIME types. */
const lazyBuiltins = /^node:(http|util)$/;
/** A server that runs from an earlier bundle may load a part of it later. */
const keepMs = 7 * 24 * 3600_000;

/**
 * @param from the folder of the files, with their package.json
 * @param extension of the files: what they import is called `.ts` in both cases
 * @returns the program, in the folder `to`
 */
export async function bundle(from: string, to: string, extension: 'ts' | 'js'): Promise<string> {
  const begun = new Date();
  const specifiers = Object.values(builtIn).flatMap((modules) => [...modules.values()]);
  const file = (path: string): string => relative(to, join(from, `${path}.${extension}`));
  const { outputFiles } = await build({
    entryPoints: [{ in: 'entry', out: 'keelson' }, ...workers.map((path) => ({ in: join(from, `${path}.${extension}`), out: workerOf(path) }))],
    bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node24', plugins: [entryOf(from, entry(specifiers, file)), ownUrls(from, to), builtins, seldomParts, namedExports, otherPackages],
    nodePaths: [join(root, 'node_modules')], outdir: to, chunkNames: '[name]-[hash]', write: false, logLevel: 'error', absWorkingDir: from, legalComments: 'none',
  });
  await mkdir(to, { recursive: true });
  const program = join(to, 'keelson.js');
  // The parts first, and the program in one step: another may start from it in this moment.
  for (const { path, text } of outputFiles) if (path !== program) await writeFile(path, ascii(text));
  const made = `${program}.${process.pid}`;
  const { text } = outputFiles.find(({ path }) => path === program) ?? {};
  if (text === undefined) throw new Error(`the bundle has no ${basename(program)}`);
  await writeFile(made, text, { mode: 0o755 });
  // A source that changed meanwhile is newer than what was made of it.
  await utimes(made, begun, begun);
  await rename(made, program);
  await removeOld(to, new Set(outputFiles.map(({ path }) => basename(path))));
  return program;
}

/** One other character in a program makes V8 keep two bytes for each. Only regular expressions still have some. */
const ascii = (text: string): string => text.replaceAll(/[^\0-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

const workerOf = (path: string): string => path.replaceAll('/', '-');
const urlOf = (file: string): string => `new URL(${JSON.stringify(file)}, import.meta.url)`;

const entry = (specifiers: readonly string[], file: (path: string) => string): string => `#!/usr/bin/env node
import { bundled, needsFiles } from '#core/cli/bundle.ts';
import { bundledWorkers } from '#core/kernel/worker-file.ts';
if (needsFiles(process.argv.slice(2))) await import(${urlOf(file('core/cli/main'))}.href);
else {
${workers.map((path) => `  bundledWorkers.set(${urlOf(file(path))}.href, ${urlOf(`./${workerOf(path)}.js`)});\n`).join('')}${specifiers.map((specifier) => `  bundled.set('${specifier}', () => import('${specifier}'));\n`).join('')}  await import('#core/cli/main.ts');
}
`;

const entryOf = (from: string, contents: string): Plugin => ({
  name: 'entry',
  setup: (esbuild) => {
    esbuild.onResolve({ filter: /^entry$/ }, () => ({ path: 'keelson.js', namespace: 'entry' }));
    esbuild.onLoad({ filter: /.*/, namespace: 'entry' }, () => ({ contents, resolveDir: from }));
  },
});

/** What a file finds from its own place it must find from the bundle too. */
const ownUrls = (from: string, to: string): Plugin => ({
  name: 'own-urls',
  setup: (esbuild) => {
    esbuild.onLoad({ filter: /\.[jt]s$/, namespace: 'file' }, async ({ path }) => {
      if (relative(from, path).startsWith('..')) return undefined;
      const text = await readFile(path, 'utf8');
      const own = `${urlOf(relative(to, path))}.href`;
      return text.includes('import.meta.url') ? { contents: text.replaceAll('import.meta.url', own), loader: path.endsWith('.ts') ? 'ts' : 'js' } : undefined;
    });
  },
});

const builtins: Plugin = {
  name: 'builtins',
  setup: (esbuild) => {
    esbuild.onResolve({ filter: /^[a-z]/ }, ({ path, kind }) =>
      (isBuiltin(path) && (kind === 'require-call' || (kind === 'import-statement' && lazyBuiltins.test(path))) ? { path: path.replace(/^(?!node:)/, 'node:'), namespace: 'builtin' } : undefined));
    esbuild.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({ contents: `module.exports = process.getBuiltinModule('${path}');` }));
  },
};

const seldomParts: Plugin = {
  name: 'seldom-parts',
  setup: (esbuild) => {
    esbuild.onResolve({ filter: seldom }, ({ path, importer }) => {
      const [, name] = /\/node_modules\/(dockerode|docker-modem)\/lib\/[^/]+$/.exec(importer) ?? [];
      return name === undefined ? undefined : { path: `${name}/lib${path.slice(1)}.js`, namespace: 'seldom' };
    });
    esbuild.onResolve({ filter: /^from-here$/ }, () => ({ path: 'from-here', namespace: 'seldom' }));
    esbuild.onLoad({ filter: /^from-here$/, namespace: 'seldom' }, () => ({ contents: `import { createRequire } from 'node:module'; export const fromHere = createRequire(import.meta.url);` }));
    esbuild.onLoad({ filter: /\.js$/, namespace: 'seldom' }, ({ path }) => ({
      contents: `const { fromHere } = require('from-here');
const load = () => fromHere(fromHere.resolve('${path}', { paths: [fromHere.resolve('dockerode')] }));
module.exports = new Proxy(function () {}, { apply: (_, self, args) => load().apply(self, args), get: (_, name) => load()[name] });`,
    }));
  },
};

/** Of a CommonJS package that is imported at run time esbuild gives the default export alone. */
const namedExports: Plugin = {
  name: 'named-exports',
  setup: (esbuild) => {
    esbuild.onResolve({ filter: packages }, ({ path, kind, importer }) => (kind === 'dynamic-import' && !importer.includes('/node_modules/') ? { path, namespace: 'named' } : undefined));
    esbuild.onLoad({ filter: /.*/, namespace: 'named' }, async ({ path }) => {
      const names = Object.keys((await import(path)) as object);
      const contents = names.includes('module.exports')
        ? `import whole from '${path}'; export default whole; export const { ${names.filter((name) => /^[\w$]+$/.test(name) && name !== 'default').join(', ')} } = whole;`
        : `export * from '${path}';`;
      return { contents, resolveDir: root };
    });
  },
};

const otherPackages: Plugin = {
  name: 'other-packages',
  setup: (esbuild) => {
    esbuild.onResolve({ filter: /^[^.#/]/ }, ({ path, importer, kind }) => (kind === 'entry-point' || packages.test(path) || importer.includes('/node_modules/') ? undefined : { path, external: true }));
  },
};

async function removeOld(folder: string, made: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (!made.has(name) && Date.now() - (await stat(path)).mtimeMs > keepMs) await rm(path, { force: true });
  }
}

if (import.meta.main) await bundle(root, usual, 'ts');
