import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { eventually } from '#test/fixtures/eventually.ts';
import { linux, program, type Requirement, requires } from '#test/fixtures/requires.ts';
import { type PauseArchitecture, pauseProgram } from './pause-program.ts';
import { tar } from './tar.ts';

const here: PauseArchitecture | undefined = process.arch === 'x64' ? 'amd64' : process.arch === 'arm64' ? 'arm64' : undefined;
const known: Requirement = { name: 'a processor with a pause program', isMet: () => here !== undefined };

/** Of the code after the headers, as assemblers made it of the listing. */
const assembled: Readonly<Record<PauseArchitecture, string>> = { amd64: 'dd4e0f59a2c3a7dae9d9b6765e40e0d3e5d34e3e19271d00a50ebe2b74868e68', arm64: 'c44d90deaa5f1e2e41fe2c6dd6a2205ee79c94229e446859b229fce52eef3e8f' };

describe('the pause program', () => {
  let folder: string;
  let file: string;

  before(requires(linux, known));
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keelson-pause-'));
    file = join(folder, 'pause');
    if (here !== undefined) await writeFile(file, pauseProgram(here), { mode: 0o755 });
  });
  afterEach(() => rm(folder, { recursive: true }));

  for (const architecture of ['amd64', 'arm64'] as const) {
    it(`is what the assembler makes of its listing, for ${architecture}`, () => {
      const code = pauseProgram(architecture).subarray(120);
      expect(createHash('sha256').update(code).digest('hex')).to.equal(assembled[architecture]);
    });
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`waits without work for ${signal}, and ends well`, async () => {
      const child = execa(file, [], { reject: false });
      await eventually(async () => /^State:\s+S/m.test(await readFile(`/proc/${child.pid}/status`, 'utf8')), 'the program to wait');
      child.kill('SIGSTOP');
      child.kill('SIGCONT');
      child.kill('SIGCHLD');
      await eventually(async () => /^State:\s+S/m.test(await readFile(`/proc/${child.pid}/status`, 'utf8')), 'the program to wait again');
      child.kill(signal);
      const { exitCode } = await child;
      expect(exitCode).to.equal(0);
    });
  }
});

describe('archives', () => {
  before(requires(linux, program('tar', 'tar')));

  it('are read by tar', async () => {
    const archive = tar([{ path: 'dir' }, { path: 'dir/file', mode: 0o640, content: Buffer.from('x'.repeat(513)) }, { path: 'dir/link', target: 'file' }, { path: 'null', mode: 0o666, device: [1, 3] }, { path: 'empty', content: Buffer.alloc(0) }]);
    const { stdout } = await execa('tar', ['--list', '--verbose', '--numeric-owner', '--file', '-'], { input: archive, env: { TZ: 'UTC', LC_ALL: 'C' } });
    expect(stdout.split('\n').map((line) => line.replace(/\s+/g, ' '))).to.deep.equal([
      'drwxr-xr-x 0/0 0 1970-01-01 00:00 dir', '-rw-r----- 0/0 513 1970-01-01 00:00 dir/file', 'lrwxr-xr-x 0/0 0 1970-01-01 00:00 dir/link -> file',
      'crw-rw-rw- 0/0 1,3 1970-01-01 00:00 null', '-rwxr-xr-x 0/0 0 1970-01-01 00:00 empty',
    ]);
  });

  it('refuse names that do not fit', () => expect(() => tar([{ path: 'x'.repeat(101) }])).to.throw(RangeError));
});
