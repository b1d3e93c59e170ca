import { readFileSync } from 'node:fs';
import { arch, platform, version } from 'node:process';

const oldestNode = 24;

/** npm installs packages for any Node: what is wrong with this one, if anything. */
export const nodeVersionProblem = (): string | undefined =>
  (Number.parseInt(version.slice(1), 10) < oldestNode ? `this is Node.js ${version}, and Keelson needs ${oldestNode} or later` : undefined);

/** As package.json says. */
export function keelsonVersion(): string {
  const description = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  return description.version;
}

/** As the server answers `/version`: the Kubernetes release whose API it speaks, with its own version behind the plus. */
export function kubernetesVersion() {
  return {
    major: '1', minor: '34', emulationMajor: '1', emulationMinor: '34', minCompatibilityMajor: '1', minCompatibilityMinor: '33',
    gitVersion: `v1.34.0+keelson.${keelsonVersion()}`, gitCommit: '', gitTreeState: '', buildDate: '1970-01-01T00:00:00Z',
    goVersion: `node ${version}`, compiler: 'node', platform: `${platform}/${arch === 'x64' ? 'amd64' : arch}`,
  };
}
