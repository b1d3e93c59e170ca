import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import type { HealthCheck } from '#core/kernel/health-check.ts';
import { serveHealth } from './health.ts';

interface Answer {
  status: number;
  text: string;
}

/** Keeps what is answered. */
class Recorder {
  readonly answer: Answer = { status: 0, text: '' };

  setHeader(): this {
    return this;
  }

  writeHead(status: number): this {
    this.answer.status = status;
    return this;
  }

  end(text: string | Buffer): this {
    this.answer.text = text.toString();
    return this;
  }
}

const checks: HealthCheck[] = [
  { name: 'ping', liveness: true, check: () => undefined },
  { name: 'store', liveness: true, check: () => undefined },
  { name: 'controllers', liveness: false, check: () => 'the informers have not synced' },
];

function ask(url: string): Answer {
  const { pathname, searchParams } = new URL(url, 'https://localhost');
  const recorder = new Recorder();
  serveHealth(pathname, searchParams, checks, recorder as unknown as ServerResponse);
  return recorder.answer;
}

describe('health', () => {
  const broken = '[+]ping ok\n[+]store ok\n[-]controllers failed: the informers have not synced\nreadyz check failed\n';
  const answers: Record<string, Answer> = {
    '/livez': { status: 200, text: 'ok' },
    '/readyz': { status: 500, text: broken },
    '/livez?verbose': { status: 200, text: '[+]ping ok\n[+]store ok\nlivez check passed\n' },
    '/readyz/store': { status: 200, text: 'ok' },
    '/livez/controllers': { status: 404, text: 'there is no check named controllers\n' },
    '/readyz?exclude=controllers': { status: 200, text: 'ok' },
    '/readyz?exclude=controllers&verbose': { status: 200, text: '[+]ping ok\n[+]store ok\n[+]controllers excluded: ok\nreadyz check passed\n' },
    '/livez?exclude=a&exclude=b&verbose': { status: 200, text: '[+]ping ok\n[+]store ok\nwarn: some health checks cannot be excluded: no matches for "a","b"\nlivez check passed\n' },
  };
  for (const [url, expected] of Object.entries(answers)) it(`answers ${url}`, () => expect(ask(url)).to.deep.equal(expected));
});
