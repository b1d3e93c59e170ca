import { cp, glob, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { execa } from 'execa';
import { bundle } from './bundle.ts';

/*
 * Makes the npm package, in dist/ or the empty folder given: JavaScript and declarations of everything that is no test, and a package.json for those who install it.
 * `npm publish ./dist` publishes it.
 */

interface SourcePackage {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly type: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, '..');
const usual = join(root, 'dist');
/** Packages that only some need: mocha and chai run the conformance kits, the others are the clouds' own, 150 MB. */
const optional = ['chai', 'mocha', '@aws-sdk/client-ec2', '@aws-sdk/client-elastic-load-balancing-v2', '@google-cloud/compute'] as const;
const copied = ['README.md', 'LICENSE', 'examples/dynamic-volume', 'examples/pod-with-volume'] as const;

async function build(out: string): Promise<void> {
  const source = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as SourcePackage;
  if (out === usual) await rm(out, { recursive: true, force: true });
  else if ((await readdir(out).catch(() => [])).length > 0) throw new Error(`${out} is not empty`);
  await execa('tsc', ['--project', join(root, '.scripts', 'build.tsconfig.json'), '--outDir', out], { preferLocal: true, localDir: root, stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' });
  await refuseSourceNames(out);
  for (const path of copied) await cp(join(root, path), join(out, path), { recursive: true });
  const made = packageOf(source);
  await writeFile(join(out, 'package.json'), `${JSON.stringify(made, undefined, 2)}\n`);
  await bundle(out, join(out, dirname(made.bin.keelson)), 'js');
}

/** What the sources call by a TypeScript file's name is the JavaScript beside its declarations here. */
function packageOf({ name, version, description, license, type, engines, imports, exports, dependencies, devDependencies }: SourcePackage) {
  return {
    name, version, description, license, type, engines, dependencies,
    bin: { keelson: 'bundle/keelson.js' },
    imports: compiled(imports),
    exports: compiled(exports),
    peerDependencies: Object.fromEntries(optional.map((name) => [name, `^${devDependencies[name]}`])),
    peerDependenciesMeta: Object.fromEntries(optional.map((name) => [name, { optional: true }])),
  };
}

const compiled = (paths: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(paths).map(([from, to]) => [from, to.replace(/\.ts$/, '.js')]));

/** The compiler rewrites what is imported; a name that is only a text it leaves alone. @throws {Error} naming the file */
async function refuseSourceNames(out: string): Promise<void> {
  for await (const file of glob('**/*.js', { cwd: out })) {
    const [name] = /(['"`])\.{1,2}\/[^'"`\n]*\.ts\1/.exec(await readFile(join(out, file), 'utf8')) ?? [];
    if (name !== undefined) throw new Error(`${file} names the source file ${name}, which is not in the package: import it, or name it by "#"`);
  }
}

await build(resolve(process.argv[2] ?? usual));
