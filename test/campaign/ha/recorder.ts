import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { until } from '#test/e2e/harness.ts';
import type { Truth } from './history.ts';

/** Writes down what happens to a namespace's ConfigMaps after a revision, as etcd itself tells it: once history is compacted, nobody can ask. */
export class Recorder {
  /** In order. */
  readonly truth: Truth[] = [];
  /** The newest revision that it has heard of. */
  reached: number;
  readonly #prefix: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #uids = new Map<string, string>();
  readonly #stopped = new AbortController();
  readonly #running: Promise<void>;
  #error: Error | undefined;

  constructor(endpoints: readonly string[], namespace: string, after: number) {
    this.#prefix = `/registry/configmaps/${namespace}/`;
    this.#env = { ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: endpoints.join(',') };
    this.reached = after;
    this.#running = this.#run();
  }

  /** Resolves when the object that was made last has been seen. */
  async reach(last: string): Promise<readonly Truth[]> {
    await until(() => {
      if (this.#error) throw this.#error;
      return this.truth.at(-1)?.key === last;
    }, `etcdctl to tell of ${last}`, 30_000);
    return this.truth.filter(({ key }) => key !== 'kube-root-ca.crt');
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (!this.#stopped.signal.aborted) {
        await this.#follow();
        await delay(100);
      }
    } catch (error) {
      this.#error = error instanceof Error ? error : new Error(String(error));
    }
  }

  async #follow(): Promise<void> {
    const child = execa('etcdctl', ['watch', '--prefix', this.#prefix, '--rev', String(this.reached + 1), '--write-out', 'json'], {
      env: this.#env, buffer: false, reject: false, cancelSignal: this.#stopped.signal, forceKillAfterDelay: 500,
    });
    try {
      for await (const line of child.iterable()) {
        const { Events, CompactRevision = 0 } = JSON.parse(line) as { Events: readonly EtcdEvent[] | null; CompactRevision?: number };
        if (CompactRevision > 0) throw new Error(`the recorder was at ${this.reached}, and history is compacted to ${CompactRevision}`);
        for (const event of Events ?? []) this.#take(event);
      }
    } finally {
      child.kill('SIGKILL');
      await child;
    }
  }

  #take({ type, kv }: EtcdEvent): void {
    const key = decoded(kv.key).slice(this.#prefix.length);
    const revision = kv.mod_revision;
    this.reached = revision;
    if (type === 1) {
      this.truth.push({ key, revision, value: undefined, uid: this.#uids.get(key) ?? '' });
      return;
    }
    const object = JSON.parse(decoded(kv.value ?? '')) as { metadata: { uid: string }; data?: { value?: string } };
    this.#uids.set(key, object.metadata.uid);
    this.truth.push({ key, revision, value: object.data?.value ?? '', uid: object.metadata.uid });
  }
}

interface EtcdEvent {
  /** 1 for a deletion; left out otherwise. */
  readonly type?: number;
  readonly kv: { readonly key: string; readonly value?: string; readonly mod_revision: number };
}

const decoded = (base64: string): string => Buffer.from(base64, 'base64').toString();
