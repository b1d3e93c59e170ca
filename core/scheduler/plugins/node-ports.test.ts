import { expect } from 'chai';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { SchedulingLab } from '#test/fixtures/scheduling-lab.ts';

const ports = (...texts: string[]): Draft<Pod>['spec'] => ({
  containers: [{
    name: 'main', image: 'x', resources: {},
    ports: texts.map((text) => {
      const [protocol, hostIP = '', port] = text.split('/');
      return { protocol: protocol as 'TCP', hostIP, hostPort: Number(port), containerPort: 80 };
    }),
  }],
});

describe('NodePorts', () => {
  const cases: readonly [string, string[], string[], boolean][] = [
    ['no ports', [], ['TCP//80'], true],
    ['other ports', ['UDP/127.0.0.1/8080'], ['UDP/127.0.0.1/9090'], true],
    ['the same port', ['UDP/127.0.0.1/8080'], ['UDP/127.0.0.1/8080'], false],
    ['another protocol', ['UDP/127.0.0.1/8080'], ['TCP/127.0.0.1/8080'], true],
    ['another address', ['TCP/127.0.0.1/8080'], ['TCP/127.0.0.2/8080'], true],
    ['every address of the one that comes', ['TCP/0.0.0.0/8001'], ['TCP/127.0.0.1/8001'], false],
    ['every address of the one that is there', ['TCP/127.0.0.1/8001'], ['TCP//8001'], false],
    ['one of several', ['TCP//8001', 'TCP//8002'], ['TCP//8002'], false],
    ['a container port alone takes nothing', ['TCP//0'], ['TCP//0'], true],
  ];
  for (const [title, wanted, used, fits] of cases) {
    it(title, () => {
      const lab = new SchedulingLab();
      lab.node('n');
      lab.placed('n', 'there', {}, ports(...used));
      expect(lab.reasons('NodePorts', lab.pod('p', {}, ports(...wanted)), 'n')).to.deep.equal(fits ? [] : ["node(s) didn't have free ports for the requested pod ports"]);
    });
  }

  it('wakes pods when one goes that had a port they want', () => {
    const lab = new SchedulingLab();
    const wakes = (freed: string) => lab.wakes('NodePorts', lab.pod('p', {}, ports('TCP//80')), { kind: 'pod/delete', object: lab.pod('q', {}, ports(freed)).pod });
    expect([wakes('TCP//80'), wakes('TCP//81')]).to.deep.equal([true, false]);
  });
});

describe('ImageLocality and balanced allocation', () => {
  it('prefers nodes that have large images, the more so the more nodes have them', () => {
    const lab = new SchedulingLab();
    const image = { names: ['example.com/app:1'], sizeBytes: 523 * 2 ** 20 };
    for (const [name, images] of [['has', [image]], ['has-too', [image]], ['not', []], ['small', [{ names: ['example.com/app:2'], sizeBytes: 10 }]]] as const) {
      const { metadata, ...rest } = lab.node(name);
      lab.cluster.setNode({ ...rest, metadata, status: { ...rest.status, images: [...images] } as never });
    }
    const spec = (name: string) => ({ containers: [{ name: 'main', image: name, resources: {} }] });
    // Half of 523 MiB, on a scale from 23 to 1,000.
    expect(lab.scoresOf('ImageLocality', lab.pod('p', {}, spec('example.com/app:1')))).to.deep.equal({ has: 24, 'has-too': 24, not: 0, small: 0 });
    expect(lab.scoresOf('ImageLocality', lab.pod('p', {}, spec('example.com/other:1')))).to.equal(undefined);
  });

  it('takes an image without a tag for the latest, whatever port its registry has', async () => {
    const { withTag } = await import('./image-locality.ts');
    expect(['app', 'reg:5000/app', 'reg:5000/app:1', 'app@sha256:00'].map(withTag)).to.deep.equal(['app:latest', 'reg:5000/app:latest', 'reg:5000/app:1', 'app@sha256:00']);
  });

  it('prefers nodes of which similar shares of processors and memory would be in use', () => {
    const lab = new SchedulingLab();
    for (const name of ['even', 'uneven']) lab.node(name, { cpu: '10', memory: '10Gi' });
    lab.placed('even', 'a', { cpu: '3', memory: '3Gi' });
    lab.placed('uneven', 'b', { cpu: '7', memory: '1Gi' });
    expect(lab.scoresOf('NodeResourcesBalancedAllocation', lab.pod('p', { cpu: '1', memory: '1Gi' }))).to.deep.equal({ even: 100, uneven: 70 });
    expect(lab.scoresOf('NodeResourcesBalancedAllocation', lab.pod('q')), 'without requests').to.equal(undefined);
  });
});
