import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { systemClock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { type EngineAnswer, type EngineRequest, ScriptedEngine } from '#test/fixtures/scripted-engine.ts';
import { Engine } from './engine.ts';
import { PauseImage } from './pause-image.ts';

const never = new AbortController().signal;

describe('the image of sandboxes', () => {
  let engine: ScriptedEngine;
  let pause: PauseImage;
  let architecture: string;
  /** What the engine has under the name: the digest of its layer, and its user. */
  let there: { layer: string; user: string } | undefined;
  let importing: EngineAnswer;

  beforeEach(async () => {
    architecture = 'amd64';
    there = undefined;
    importing = { body: '{"status":"sha256:1"}\n' };
    engine = await ScriptedEngine.start(answer);
    pause = new PauseImage(new Engine({ host: engine.socketPath }, systemClock));
  });
  afterEach(() => engine.stop());

  function answer({ method, path, body }: EngineRequest): EngineAnswer {
    if (path === '/version') return { body: { Arch: architecture } };
    if (method === 'GET') return there === undefined ? { status: 404, body: { message: 'No such image' } } : { body: { Id: `sha256:${there.layer}`, RootFS: { Layers: [there.layer] }, Config: { User: there.user, Entrypoint: ['/pause'] } } };
    there = { layer: `sha256:${createHash('sha256').update(body).digest('hex')}`, user: '65535:65535' };
    return importing;
  }

  const imports = (): EngineRequest[] => engine.requests.filter(({ method }) => method === 'POST');

  it('is made where it is missing, and once', async () => {
    const [id, same] = await Promise.all([pause.id(never), pause.id(never)]);
    expect(id).to.equal(`sha256:${there?.layer}`).and.equal(same);
    expect(imports()).to.have.length(1);
    const [made] = imports();
    expect(made?.query.get('repo')).to.equal('keelson/pause');
    expect(there?.layer).to.contain(made?.query.get('tag'));
    expect(await new PauseImage(new Engine({ host: engine.socketPath }, systemClock)).id(never)).to.equal(id);
    expect(imports()).to.have.length(1);
  });

  it('is made anew where its name stands for something else', async () => {
    there = { layer: 'sha256:evil', user: '65535:65535' };
    expect(await pause.id(never)).not.to.contain('evil');
    expect(imports()).to.have.length(1);
    there = { ...there, user: 'root' };
    pause.forget();
    await pause.id(never);
    expect(imports()).to.have.length(2);
  });

  it('is another one for another processor, and none for one without a program', async () => {
    const amd64 = await pause.id(never);
    architecture = 'arm64';
    there = undefined;
    pause.forget();
    expect(await pause.id(never)).not.to.equal(amd64);
    architecture = 's390x';
    pause.forget();
    const error = await pause.id(never).then(() => undefined, (caught: unknown) => caught);
    expect(ProviderError.is(error, 'Invalid') && error.message).to.contain('s390x');
  });

  it('says what the engine says of an import that failed, and tries again the next time', async () => {
    importing = { body: '{"status":"begin"}\n{"errorDetail":{"message":"write: no space left on device"},"error":"write: no space left on device"}\n' };
    const error = await pause.id(never).then(() => undefined, (caught: unknown) => caught);
    expect(ProviderError.is(error, 'Exhausted') && error.message).to.contain('no space left on device');
    there = undefined;
    importing = { body: '{"status":"sha256:1"}' };
    expect(await pause.id(never)).to.contain('sha256:');
  });
});
