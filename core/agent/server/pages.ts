import type { ServerResponse } from 'node:http';
import type { Logger } from '#core/kernel/logger.ts';
import type { RuntimeMonitor } from '#core/spi/container-runtime.ts';
import { PlainError } from './plain-error.ts';
import type { PodDirectory } from './pod-directory.ts';
import { notFound } from './route.ts';
import { exposition, expositionType, type MetricFamily } from './stats/exposition.ts';
import type { NodeFigures, NodeSummary } from './stats/node-figures.ts';
import { ownMetrics } from './stats/own-metrics.ts';
import { usageByPod, type PodUsage } from './stats/pod-usage.ts';
import { CpuRates } from './stats/rates.ts';
import { resourceMetrics } from './stats/resource-metrics.ts';
import { jsonText, summaryOf } from './stats/summary.ts';

export interface PagesParts {
  readonly directory: PodDirectory;
  readonly runtime: Pick<RuntimeMonitor, 'usage'>;
  readonly nodeSummary: NodeSummary;
  readonly logger: Logger;
  /** What is wrong with the pods' side of the agent, as a sentence; undefined when nothing is. */
  readonly syncLoop: () => string | undefined;
  /** How many logs, commands and the like are under way. */
  readonly sessions: () => number;
}

type Page = (signal: AbortSignal) => Promise<{ readonly type: string; readonly text: string; readonly code?: number }>;

/** What the agent shows to who only looks. */
export class Pages {
  readonly #parts: PagesParts;
  readonly #rates = new CpuRates();
  readonly #pages: ReadonlyMap<string, Page>;

  constructor(parts: PagesParts) {
    this.#parts = parts;
    const plain = (text: string, code = 200) => Promise.resolve({ type: 'text/plain; charset=utf-8', text, code });
    const metrics = (families: readonly MetricFamily[]) => ({ type: expositionType, text: exposition(families) });
    this.#pages = new Map<string, Page>([
      ['/healthz', () => this.#health(['ping', 'syncloop'])],
      ['/healthz/ping', () => plain('ok')],
      ['/healthz/syncloop', () => this.#health(['syncloop'])],
      ['/pods', () => Promise.resolve({ type: 'application/json', text: JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: parts.directory.pods() }) })],
      ['/metrics', () => Promise.resolve(metrics(ownMetrics(parts.nodeSummary.nodeName, parts.directory.pods(), parts.sessions())))],
      ['/metrics/resource', async (signal) => metrics(resourceMetrics(...await this.#figures(signal)))],
      ['/stats/summary', (signal) => this.#summary(signal)],
    ]);
  }

  /** @throws {PlainError} */
  async show(method: string, path: string, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const page = this.#pages.get(path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path);
    if (page === undefined) throw notFound();
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('Allow', 'GET');
      throw new PlainError(405, 'Method Not Allowed');
    }
    const { type, text, code = 200 } = await page(signal);
    response.writeHead(code, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) }).end(method === 'HEAD' ? undefined : text);
  }

  #health(checks: readonly string[]): ReturnType<Page> {
    const trouble = checks.includes('syncloop') ? this.#parts.syncLoop() : undefined;
    const type = 'text/plain; charset=utf-8';
    if (trouble === undefined) return Promise.resolve({ type, text: 'ok' });
    const lines = checks.map((check) => (check === 'syncloop' ? `[-]${check} failed: ${trouble}` : `[+]${check} ok`));
    return Promise.resolve({ type, text: `${lines.join('\n')}\nhealthz check failed\n`, code: 500 });
  }

  async #summary(signal: AbortSignal): ReturnType<Page> {
    const [node, pods] = await this.#figures(signal);
    if (node === undefined || pods === undefined) throw new PlainError(500, 'failed to get the figures of the node and its containers');
    return { type: 'application/json', text: jsonText(summaryOf(this.#parts.nodeSummary.nodeName, node, pods, this.#rates)) };
  }

  /** What cannot be measured is undefined. */
  async #figures(signal: AbortSignal): Promise<[NodeFigures | undefined, PodUsage[] | undefined]> {
    const { runtime, nodeSummary, directory, logger } = this.#parts;
    const failed = (error: unknown): undefined => {
      logger.warn('figures of the node are missing', { error });
    };
    const [node, usages] = await Promise.all([nodeSummary.read(signal).catch(failed), runtime.usage(signal).catch(failed)]);
    return [node, usages && usageByPod(directory.pods(), usages)];
  }
}
