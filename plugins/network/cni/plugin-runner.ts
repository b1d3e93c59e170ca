import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { JsonObject } from '#core/api/value.ts';
import { isObject, own } from '#core/api/value.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniCodes, parseCniError } from '#plugins/network/cni-error.ts';
import { cniVersions, isCniVersion, quoted, type CniVersion } from '#plugins/network/cni-names.ts';

export type CniVerb = 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS' | 'VERSION';

const mostBytes = 4 * 1024 * 1024;
/** A program that is just being replaced cannot be run; so often it is tried again, a second later. */
const mostTries = 5;

export interface PluginRunnerOptions {
  /** Folders with plugins, in the order in which they are looked through; absolute. */
  readonly paths: readonly string[];
  readonly clock: Clock;
  /** How long one call may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** Runs programs that speak CNI. */
export class PluginRunner {
  readonly #options: PluginRunnerOptions;
  /** What each program said that it speaks, while it stays the same file. */
  readonly #versions = new Map<string, { readonly file: string; readonly versions: readonly CniVersion[] }>();

  /** @throws {NetworkError} 7 for a path that is not absolute */
  constructor(options: PluginRunnerOptions) {
    const relative = options.paths.find((path) => !isAbsolute(path) || path.includes(':'));
    if (relative !== undefined) throw new NetworkError(cniCodes.invalidConfig, `a folder of CNI plugins must be an absolute path, not ${quoted(relative)}`);
    this.#options = options;
  }

  /** The newest version that the plugin speaks, up to that one. @throws {NetworkError} 1 when there is none, 7 when there is no such plugin */
  async version(type: string, newest: CniVersion, signal: AbortSignal): Promise<CniVersion> {
    const spoken = await this.#spoken(type, signal);
    const version = cniVersions.slice(0, cniVersions.indexOf(newest) + 1).findLast((each) => spoken.includes(each));
    if (version === undefined) throw new NetworkError(cniCodes.incompatibleVersion, `the plugin ${type} speaks none of the versions of CNI up to ${newest}`, `it speaks ${spoken.join(', ') || 'none that is known'}`);
    return version;
  }

  /** What the plugin answered; undefined when that is nothing. @throws {NetworkError} what the plugin said, or 102 when it said nothing */
  async run(verb: CniVerb, type: string, variables: Readonly<Record<string, string>>, config: JsonObject, signal: AbortSignal): Promise<JsonObject | undefined> {
    const { path } = await this.#find(type);
    const env = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`, CNI_PATH: this.#options.paths.join(':'), CNI_COMMAND: verb, ...variables };
    const { exitCode, stdout, stderr } = await this.#execute(path, env, JSON.stringify(config), signal);
    if (exitCode === 0) return answerOf(stdout, type);
    throw parseCniError(stdout, type) ?? parseCniError(stderr, type) ?? new NetworkError(cniCodes.refused, `${type}: ${verb} ended with exit code ${exitCode}`, (stderr || stdout).slice(0, 2000));
  }

  async #spoken(type: string, signal: AbortSignal): Promise<readonly CniVersion[]> {
    const { path, file } = await this.#find(type);
    const known = this.#versions.get(path);
    if (known?.file === file) return known.versions;
    const answer = await this.run('VERSION', type, {}, { cniVersion: cniVersions.at(-1) }, signal);
    const listed = answer === undefined ? undefined : own(answer, 'supportedVersions');
    const versions = Array.isArray(listed) ? (listed as unknown[]).filter(isCniVersion) : [];
    this.#versions.set(path, { file, versions });
    return versions;
  }

  async #find(type: string): Promise<{ readonly path: string; readonly file: string }> {
    const { paths } = this.#options;
    for (const folder of paths) {
      const path = join(folder, type);
      const entry = await stat(path).catch(() => undefined);
      if (entry?.isFile()) return { path, file: `${entry.ino} ${entry.size} ${entry.mtimeMs}` };
    }
    throw new NetworkError(cniCodes.invalidConfig, `failed to find plugin ${quoted(type)} in path [${paths.join(' ')}]`);
  }

  async #execute(path: string, env: Record<string, string>, input: string, signal: AbortSignal) {
    const { clock, timeoutMs } = this.#options;
    // A hundred modules that a control plane without pods never needs.
    const { execa } = await import('execa');
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      const result = await execa(path, [], { reject: false, input, env, extendEnv: false, cancelSignal: signal, timeout: timeoutMs, maxBuffer: mostBytes, forceKillAfterDelay: 2000 });
      if (result.isCanceled) throw signal.reason;
      if (result.exitCode !== undefined) return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
      if (result.code === 'ETXTBSY' && attempt < mostTries) await clock.sleep(1000, signal);
      else throw new NetworkError(cniCodes.refused, result.timedOut ? `${path} did not end in ${timeoutMs / 1000} s` : `${path} did not run to its end: ${result.shortMessage ?? ''}`, '', result.cause);
    }
  }
}

function answerOf(text: string, type: string): JsonObject | undefined {
  if (text.trim() === '') return undefined;
  try {
    const answer: unknown = JSON.parse(text);
    if (isObject(answer)) return answer;
  } catch (error) {
    throw new NetworkError(cniCodes.decoding, `${type} answered what is not JSON: ${quoted(text)}`, '', error);
  }
  throw new NetworkError(cniCodes.decoding, `${type} answered what is not an object: ${quoted(text)}`);
}
