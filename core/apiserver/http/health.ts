import type { ServerResponse } from 'node:http';
import { troubleOf, type HealthCheck } from '#core/kernel/health-check.ts';
import { sendText } from './respond.ts';

const healthPath = /^\/(healthz|livez|readyz)(?:\/([^/]+))?\/?$/;

export const isHealth = (path: string): boolean => healthPath.test(path);

/**
 * Answers `/healthz`, `/livez` and `/readyz`, with `?verbose`, `?exclude=name` and `/readyz/<name>`.
 * @returns false when the path is none of these
 */
export function serveHealth(path: string, query: URLSearchParams, checks: readonly HealthCheck[], response: ServerResponse): boolean {
  const match = healthPath.exec(path);
  if (!match) return false;
  const [, endpoint = '', only] = match;
  const excluded = new Set(query.getAll('exclude'));
  const relevant = checks.filter((check) => (endpoint === 'readyz' || check.liveness) && (only === undefined || check.name === only));
  if (only !== undefined && relevant.length === 0) {
    sendText(response, 404, `there is no check named ${only}\n`);
    return true;
  }
  const failed: string[] = [];
  const lines = relevant.map((check) => {
    if (excluded.delete(check.name)) return `[+]${check.name} excluded: ok`;
    const trouble = troubleOf(check);
    if (trouble !== undefined) failed.push(check.name);
    return trouble === undefined ? `[+]${check.name} ok` : `[-]${check.name} failed: ${trouble}`;
  });
  if (excluded.size > 0) lines.push(`warn: some health checks cannot be excluded: no matches for ${[...excluded].map((name) => `"${name}"`).join(',')}`);
  const verbose = query.has('verbose');
  const verdict = `${endpoint} check ${failed.length === 0 ? 'passed' : 'failed'}`;
  if (failed.length === 0 && !verbose) sendText(response, 200, 'ok');
  else sendText(response, failed.length === 0 ? 200 : 500, `${[...lines, verdict].join('\n')}\n`);
  return true;
}
