// oxlint-disable-next-line eslint/no-restricted-imports -- no command line: one file of our own, and messages; the usual library for commands would take more memory than this saves
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CertificateRequest, CertificateTerms } from '#core/spi/certificate-signer.ts';
import { workerFile } from '#core/kernel/worker-file.ts';
import type { KeyPair } from './pki-issue.ts';
import type { ClusterPki } from './pki.ts';

/** What needs the certificate library. */
export interface CertificateWork {
  ensureClusterPki(dir: string, hosts: readonly string[]): Promise<ClusterPki>;
  /** @throws {Error} with a sentence */
  readRequest(pem: string): Promise<CertificateRequest>;
  /** @throws {Error} with a sentence */
  signRequest(authority: KeyPair, pem: string, terms: CertificateTerms, nowMs: number): Promise<string>;
}

export interface Asked {
  readonly id: number;
  readonly name: keyof CertificateWork;
  readonly args: readonly unknown[];
}

export interface Done {
  readonly id: number;
  readonly result?: unknown;
  /** A sentence. */
  readonly error?: string;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Requests of many nodes that join come one soon after the other. */
const lingerMs = 5000;

/**
 * Does it in a process of its own, which ends when it has had nothing to do for 5 s: the library takes 20 MB, is needed for moments of a server's
 * life, and would leave half of it behind as fragments. It does not keep this process running.
 */
export class CertificateProcess implements CertificateWork {
  readonly #pending = new Map<number, Pending>();
  #child: ChildProcess | undefined;
  #lastId = 0;
  #end: NodeJS.Timeout | undefined;

  ensureClusterPki(dir: string, hosts: readonly string[]): Promise<ClusterPki> {
    return this.#ask('ensureClusterPki', dir, hosts) as Promise<ClusterPki>;
  }

  readRequest(pem: string): Promise<CertificateRequest> {
    return this.#ask('readRequest', pem) as Promise<CertificateRequest>;
  }

  signRequest(authority: KeyPair, pem: string, terms: CertificateTerms, nowMs: number): Promise<string> {
    return this.#ask('signRequest', authority, pem, terms, nowMs) as Promise<string>;
  }

  #ask(name: Asked['name'], ...args: readonly unknown[]): Promise<unknown> {
    clearTimeout(this.#end);
    const child = (this.#child ??= this.#start());
    const asked: Asked = { id: ++this.#lastId, name, args };
    return new Promise((resolve, reject) => {
      this.#pending.set(asked.id, { resolve, reject });
      // Waiting for an answer is a reason to keep running.
      child.ref();
      child.channel?.ref();
      child.send(asked);
    });
  }

  #start(): ChildProcess {
    // Flags of this process, such as `--eval`, are not for that one.
    const child = fork(fileURLToPath(workerFile(import.meta.url, 'certificate-worker')), { execArgv: ['--disable-warning=ExperimentalWarning'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.on('message', ({ id, result, error }: Done) => {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      if (this.#pending.size === 0) this.#rest(child);
      if (error === undefined) pending?.resolve(result);
      else pending?.reject(new Error(error));
    });
    const die = (error: Error): void => {
      if (this.#child === child) this.#child = undefined;
      for (const { reject } of this.#pending.values()) reject(error);
      this.#pending.clear();
    };
    child.on('error', (error) => die(new Error('the process that makes certificates failed', { cause: error })));
    child.on('exit', (code, signal) => die(new Error(`the process that makes certificates ended with ${signal ?? code}`)));
    return child;
  }

  #rest(child: ChildProcess): void {
    child.unref();
    child.channel?.unref();
    this.#end = setTimeout(() => {
      this.#child = undefined;
      child.removeAllListeners('exit');
      child.disconnect();
    }, lingerMs).unref();
  }
}
