import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { StaticPodFolder } from './static-pods.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { nodeName, PodLab } from '#test/fixtures/pod-lab.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';

const yaml = (image: string): string => `apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec: { containers: [{ name: main, image: "${image}" }] }
`;

describe('Static pods', () => {
  let folder: string;
  let lab: PodLab;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keelson-static-'));
    lab = await PodLab.start(({ clock, logger }) => ({ staticPods: new StaticPodFolder({ folder, nodeName, clock, logger, periodMs: 1000 }) }));
  });
  afterEach(async () => {
    await lab.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const name = `web-${nodeName}`;

  it('run, are shown in the API, come back there when they are deleted, and go with their file', async () => {
    await writeFile(join(folder, 'web.yaml'), yaml('busybox:1'));
    const mirror = await lab.untilReady(name);
    expect(mirror.metadata.annotations).to.include({ 'kubernetes.io/config.source': 'file' });
    expect(mirror.metadata.annotations?.['kubernetes.io/config.mirror']).to.equal(mirror.metadata.annotations?.['kubernetes.io/config.hash']);
    expect(mirror.metadata.ownerReferences?.[0]).to.deep.include({ kind: 'Node', name: nodeName, controller: true });
    expect(lab.manager.pod('default', name, mirror.metadata.uid)?.metadata.annotations?.['kubernetes.io/config.hash']).to.equal(mirror.metadata.annotations?.['kubernetes.io/config.hash']);
    await lab.client.delete(Pod, { namespace: 'default', name }, { gracePeriodSeconds: 0 });
    await lab.until(async () => {
      const again = await lab.find(name);
      return again !== undefined && again.metadata.uid !== mirror.metadata.uid && again.status.phase === 'Running';
    }, 'a new mirror');
    expect(lab.runtime.find('main')).to.include({ attempt: 0, state: 'Running' });
    lab.runtime.programs.set('main', { stopsMs: 8000 });
    await rm(join(folder, 'web.yaml'));
    await lab.untilGone(name);
    expect(lab.runtime.sandboxes.size + lab.runtime.made.size, 'it is shown until nothing of it runs').to.equal(0);
  });

  it('run on when the agent starts again, and nothing new is said of them', async () => {
    await writeFile(join(folder, 'web.yaml'), yaml('busybox:1'));
    await lab.untilReady(name);
    await lab.pass(2000);
    const before = await lab.get(name);
    await lab.pass(5000);
    await lab.restart();
    await lab.pass(10_000);
    expect(lab.runtime.find('main')).to.include({ attempt: 0, state: 'Running' });
    expect((await lab.get(name)).status).to.deep.equal(before.status);
  });

  it('are made anew when their file changes, the old one first ended', async () => {
    lab.runtime.programs.set('main', { stopsMs: 3000 });
    lab.runtime.addImage('busybox:2');
    await writeFile(join(folder, 'web.yaml'), yaml('busybox:1'));
    await lab.untilReady(name);
    await writeFile(join(folder, 'web.yaml'), yaml('busybox:2'));
    await lab.until(() => [...lab.runtime.made.values()].some(({ container }) => container.image === 'busybox:2' && container.state === 'Running'), 'the new one');
    expect(lab.runtime.sandboxes.size).to.equal(1);
    await lab.until(async () => (await lab.find(name))?.spec.containers[0]?.image === 'busybox:2', 'the new mirror');
    await lab.untilReady(name);
  });

  it('leave a pod of somebody else under their name alone', async () => {
    await lab.create(name, { nodeName: 'elsewhere' });
    await writeFile(join(folder, 'web.yaml'), yaml('busybox:1'));
    await lab.until(() => lab.runtime.find('main')?.state === 'Running', 'it runs');
    await lab.pass(10_000);
    expect((await lab.get(name)).spec.nodeName).to.equal('elsewhere');
  });

  it('are read from good files beside bad ones', async () => {
    const logger = recordingLogger();
    const clock = new FakeClock();
    await writeFile(join(folder, 'a.yaml'), yaml('busybox:1').replace('name: web', 'name: a'));
    await writeFile(join(folder, 'b.json'), '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"},"spec":{"containers":[{"name":"x","image":"y"}]}}');
    const bombs = `a: &a [x,x,x,x]\n${'bcdefghij'.split('').map((key, i) => `${key}: &${key} [${Array.from({ length: 9 }, () => `*${'abcdefghi'[i]}`).join(',')}]`).join('\n')}\n`;
    for (const [file, text] of [['no.yaml', 'kind: Service'], ['bad.yaml', '{'], ['name.yaml', yaml('x').replace('name: web', 'name: ../up')], ['.hidden.yaml', yaml('x')], ['bomb.yaml', bombs], ['text.txt', yaml('x')], ['big.json', ' '.repeat(2 ** 20 + 1)]] as const) {
      await writeFile(join(folder, file), text);
    }
    const stop = new AbortController();
    const pods = await new Promise<readonly Pod[]>((resolve) => {
      void new StaticPodFolder({ folder, nodeName: 'n', clock, logger }).follow(resolve, stop.signal);
    });
    stop.abort(new Error('over'));
    expect(pods.map(({ metadata }) => metadata.name)).to.deep.equal(['a-n', 'b-n']);
    expect(pods[1]?.spec.containers[0]?.imagePullPolicy).to.equal('Always');
    expect(logger.at('warn')).to.have.length(5);
  });
});
