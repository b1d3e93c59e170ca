import { copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { customKind } from '#core/api/schema/custom-kind.ts';
import { SelfSubjectReview } from '#core/api/schema/authentication-v1.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { StorageClass } from '#core/api/schema/storage-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { HttpClient } from '#core/client/http-client.ts';
import { readKubeconfig } from '#core/client/kubeconfig.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { linux, program, requires, skipBecause, unmet } from '#test/fixtures/requires.ts';
import { root, until } from './harness.ts';

const main = join(root, 'core', 'cli', 'main.ts');

const kubectl = program('kubectl', 'kubernetes-client');
const python = program('python3', 'python3');
const example = join(root, 'examples', 'test-an-operator');

interface Ready {
  readonly url: string;
  readonly kubeconfig: string;
  readonly pid: number;
}

/** A dead process that nobody has waited for yet is no more alive. */
const isAlive = async (pid: number): Promise<boolean> => /^\d+ \(.*\) [^Z]/s.test(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''));

const isListening = (url: string): Promise<boolean> => new Promise((resolve) => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1', () => resolve(true));
  socket.on('error', () => resolve(false));
  socket.on('connect', () => socket.destroy());
});

const freePort = (): Promise<number> => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    server.close(() => resolve(port));
  });
});

describe('keelson ephemeral', function () {
  this.timeout(60_000);
  /** Where it keeps its temporary files. */
  let temp: string;
  let files: string;
  let children: ReturnType<typeof spawn>[];
  let clients: HttpClient[];

  before(requires(linux));
  beforeEach(async () => {
    [temp, files] = await Promise.all([mkdtemp(join(tmpdir(), 'keelson-ephemeral-')), mkdtemp(join(tmpdir(), 'keelson-files-'))]);
    children = [];
    clients = [];
  });
  afterEach(async () => {
    for (const client of clients) client.close();
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children);
    await Promise.all([temp, files].map((dir) => rm(dir, { recursive: true, force: true, maxRetries: 5 })));
  });

  const environment = () => ({ TMPDIR: temp, KEELSON: main, NODE: process.execPath });
  const spawn = (program: string, args: readonly string[], stdin: 'pipe' | 'ignore', detached: boolean) =>
    execa(program, args, { env: environment(), reject: false, stdin, cwd: files, timeout: 50_000, detached });
  const run = (program: string, args: readonly string[], stdin: 'pipe' | 'ignore' = 'pipe', detached = false) => {
    const child = spawn(program, args, stdin, detached);
    children.push(child);
    return child;
  };
  const keelson = (...flags: string[]) => run(process.execPath, [main, 'ephemeral', ...flags]);
  /** What it says when it is ready, alone on its line. */
  const ready = async (child: ReturnType<typeof spawn>): Promise<Ready> => {
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    let exit: number | undefined;
    void child.then(({ exitCode }) => (exit = exitCode ?? -1));
    await until(() => {
      if (exit !== undefined) throw new Error(`it ended with ${exit}`);
      return output.includes('\n');
    }, 'the line of JSON', 30_000);
    expect(output).to.match(/^\{.*\}\n$/);
    return JSON.parse(output) as Ready;
  };
  const clientOf = async ({ kubeconfig }: Ready): Promise<HttpClient> => {
    const client = new HttpClient(readKubeconfig(await readFile(kubeconfig, 'utf8')), { clock: systemClock });
    clients.push(client);
    return client;
  };
  /** What an example says in a language, with `keelson` on the path. */
  const blockOf = async (language: string): Promise<string> => {
    const [, block] = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(await readFile(join(example, 'README.md'), 'utf8')) ?? [];
    if (block === undefined) throw new Error(`the example says nothing in ${language}`);
    await copyFile(join(example, 'crd.yaml'), join(files, 'crd.yaml'));
    await writeFile(join(files, 'keelson'), '#!/bin/sh\nexec "$NODE" "$KEELSON" "$@"\n', { mode: 0o755 });
    return block;
  };
  const nothingLeft = async ({ url, pid }: Ready): Promise<void> => {
    await until(async () => !(await isAlive(pid)), 'the process to end');
    expect(await readdir(temp)).to.deep.equal([]);
    expect(await isListening(url)).to.equal(false);
  };

  it('says in one line of JSON where it serves, and keeps the kubeconfig to its user', async () => {
    const child = keelson();
    const line = await ready(child);
    expect(Object.keys(line)).to.deep.equal(['url', 'kubeconfig', 'pid']);
    expect(line.pid).to.equal(child.pid);
    expect((await stat(line.kubeconfig)).mode & 0o777).to.equal(0o600);
    expect((await stat(dirname(line.kubeconfig))).mode & 0o777).to.equal(0o700);
    const client = await clientOf(line);
    await client.create(Namespace, { metadata: { name: 'mine' } });
    // Controllers run, and finish it.
    await client.delete(Namespace, { name: 'mine' });
    await until(async () => client.get(Namespace, { name: 'mine' }).then(() => false, (error: unknown) => StatusError.is(error, 'NotFound')), 'the namespace to be finished');
    child.stdin?.end();
    expect(await child).to.include({ exitCode: 0, stderr: '', timedOut: false });
    await nothingLeft(line);
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    it(`ends at ${signal}, with clients connected`, async () => {
      const child = keelson('--controllers=false');
      const line = await ready(child);
      const client = await clientOf(line);
      const watched = (async () => {
        for await (const event of client.watch(Namespace, {}, new AbortController().signal)) void event;
      })().catch(() => undefined);
      child.kill(signal);
      expect(await child).to.include({ exitCode: 0, stderr: '', timedOut: false });
      await watched;
      await nothingLeft(line);
    });
  }

  it('takes flags: definitions, tokens, a provider, a port, and no controllers', async () => {
    const tokens = join(files, 'tokens.csv');
    await writeFile(tokens, 'abc,max,1,"testers"\n');
    await writeFile(join(files, 'crd.yaml'), stringify({
      apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'widgets.example.com' },
      spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget' }, versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }] },
    }));
    const port = await freePort();
    const child = keelson('--crds', files, '--token-auth-file', tokens, '--provider', 'local', '--port', String(port), '--controllers=false');
    const line = await ready(child);
    expect(line.url).to.equal(`https://127.0.0.1:${port}`);
    const admin = await clientOf(line);
    expect((await admin.list(customKind({ group: 'example.com', version: 'v1', kind: 'Widget' }))).items).to.deep.equal([]);
    expect((await admin.list(StorageClass)).items.map(({ metadata }) => metadata.name)).to.include('local');
    await admin.create(Namespace, { metadata: { name: 'mine' } });
    await admin.delete(Namespace, { name: 'mine' });
    expect((await admin.get(Namespace, { name: 'mine' })).status.phase).to.equal('Terminating');
    const { server, ca } = readKubeconfig(await readFile(line.kubeconfig, 'utf8'));
    const max = new HttpClient({ server, ca, token: 'abc' }, { clock: systemClock });
    clients.push(max);
    expect((await max.create(SelfSubjectReview, { metadata: {} })).status.userInfo).to.deep.include({ username: 'max', groups: ['testers', 'system:authenticated'] });
    const second = await keelson('--port', String(port), '--provider', 'local');
    expect([second.exitCode, second.stdout]).to.deep.equal([1, '']);
    expect(second.stderr).to.include(`port ${port} on 127.0.0.1 is in use`);
    child.kill('SIGTERM');
    await child;
    await nothingLeft(line);
  });

  it('says what is wrong, and leaves nothing', async () => {
    for (const [code, flags, sentence] of [
      [1, ['--crds', join(files, 'none')], `${join(files, 'none')} cannot be read`], [2, ['--controllers', 'perhaps'], '--controllers perhaps: must be true or false'],
      [1, ['--token-auth-file', join(files, 'none')], 'cannot be read'], [2, ['--data-dir', files], 'unknown flag --data-dir'],
    ] as const) {
      const { exitCode, stdout, stderr } = await keelson(...flags);
      expect([exitCode, stdout], stderr).to.deep.equal([code, '']);
      expect(stderr).to.include(sentence);
    }
    expect(await readdir(temp)).to.deep.equal([]);
  });

  describe('in a shell script', () => {
    const script = (text: string) => run('sh', ['-c', `set -e\n"$NODE" "$KEELSON" ephemeral --controllers=false > ready.json &\nwhile [ ! -s ready.json ]; do sleep 0.1; done\n${text}`], 'ignore');

    it('works as the example says', async function () {
      const reason = unmet(kubectl);
      if (reason !== undefined) skipBecause(this, reason);
      const { exitCode, stdout, stderr } = await run('sh', ['-c', `PATH=$PWD:$PATH\n${await blockOf('sh')}`], 'ignore');
      expect(exitCode, stderr).to.equal(0);
      expect(stdout).to.include('websites.example.com');
      await nothingLeft(JSON.parse(await readFile(join(files, 'ready.json'), 'utf8')) as Ready);
    });

    it('ends with the script', async () => {
      const { exitCode, stdout } = await script('cat ready.json');
      expect(exitCode).to.equal(0);
      await nothingLeft(JSON.parse(stdout) as Ready);
    });

    it('ends with a script that is killed', async () => {
      const child = script('cat ready.json; while :; do sleep 0.1; done');
      const line = await ready(child);
      expect(await isAlive(line.pid)).to.equal(true);
      child.kill('SIGKILL');
      await nothingLeft(line);
    });
  });

  describe('below a process that is killed', () => {
    for (const stdin of ['pipe', 'ignore', 'inherit'] as const) {
      it(`ends, when its standard input is: ${stdin}`, async () => {
        const parent = run(process.execPath, ['--input-type=module', '--eval', `
          import { spawn } from 'node:child_process';
          spawn(process.env.NODE, [process.env.KEELSON, 'ephemeral', '--controllers=false'], { stdio: ['${stdin}', 'inherit', 'inherit'] });
          setInterval(() => undefined, 1000);
        `]);
        const line = await ready(parent);
        expect(line.pid).not.to.equal(parent.pid);
        parent.kill('SIGKILL');
        await nothingLeft(line);
      });
    }

    for (const stdin of ['pipe', 'ignore'] as const) {
      it(`ends, when that is killed before it is ready, with standard input: ${stdin}`, async () => {
        // In a session of its own, as what is started in a terminal.
        const parent = run(process.execPath, ['--input-type=module', '--eval', `
          import { spawn } from 'node:child_process';
          const child = spawn(process.env.NODE, [process.env.KEELSON, 'ephemeral'], { stdio: ['${stdin}', 'ignore', 'ignore'] });
          console.log(child.pid);
          setInterval(() => undefined, 1000);
        `], 'pipe', true);
        const pid = await new Promise<number>((resolve) => {
          parent.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())));
        });
        parent.kill('SIGKILL');
        try {
          await until(async () => !(await isAlive(pid)), 'the process to end', 20_000);
        } finally {
          if (await isAlive(pid)) process.kill(pid, 'SIGKILL');
        }
        expect(await readdir(temp)).to.deep.equal([]);
      });
    }
  });

  describe('in a Python program', () => {
    before(requires(python));

    it('works as the example says', async () => {
      const block = await blockOf('python');
      // As much of the package as the example uses.
      await writeFile(join(files, 'kubernetes.py'), 'class config:\n    @staticmethod\n    def load_kube_config(path):\n        assert "client-key-data" in open(path).read()\n');
      await writeFile(join(files, 'example.py'), `import json, os, subprocess\nimport kubernetes\nos.environ["PATH"] = os.getcwd() + ":" + os.environ["PATH"]\n${block}\nprint(json.dumps(ready))\nassert plane.returncode == 0\n`);
      const { exitCode, stdout, stderr } = await run('python3', ['example.py'], 'ignore');
      expect([exitCode, stderr]).to.deep.equal([0, '']);
      await nothingLeft(JSON.parse(stdout) as Ready);
    });

    for (const stdin of ['subprocess.PIPE', 'subprocess.DEVNULL', 'None']) {
      it(`is gone within a second when that is killed, with stdin=${stdin}`, async () => {
        const parent = run('python3', ['-c', [
          'import os, subprocess, time', `plane = subprocess.Popen([os.environ["NODE"], os.environ["KEELSON"], "ephemeral"], stdin=${stdin}, stdout=subprocess.PIPE)`,
          'print(plane.stdout.readline().decode(), end="", flush=True)', 'time.sleep(60)',
        ].join('\n')]);
        const line = await ready(parent);
        expect(await readdir(temp)).to.have.length(1);
        parent.kill('SIGKILL');
        const killed = performance.now();
        await until(async () => !(await isAlive(line.pid)), 'the process to end');
        expect(performance.now() - killed, 'milliseconds').to.be.lessThan(1000);
        await nothingLeft(line);
      });
    }
  });
});
