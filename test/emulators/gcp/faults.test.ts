import { expect } from 'chai';

import { Faults, readFaultPlan, type FaultPlan } from './faults.ts';
import { startGcpEmulator, type GcpEmulator } from './emulator.ts';
import { RawClient } from './raw-client.ts';
import { Seeded } from './seeded.ts';

const zone = 'zones/us-central1-a';

describe('the Compute Engine emulator: operations and faults', () => {
  let emulator: GcpEmulator | undefined;

  const start = async (faults: FaultPlan) => {
    emulator = await startGcpEmulator({ speed: 0, faults });
    return new RawClient(emulator);
  };
  const only = (fault: FaultPlan['faults'] extends readonly (infer One)[] | undefined ? One : never): FaultPlan => ({ faults: [fault] });
  const exists = async (client: RawClient) => (await client.send('GET', `${zone}/disks/d1`)).status === 200;

  afterEach(async () => {
    await emulator?.stop();
    emulator = undefined;
  });

  for (const [fault, status, made] of [['before', 503, false], ['after', 503, true], ['throttle', 403, false]] as const) {
    it(`${fault}: answers ${status}, and the disk is ${made ? '' : 'not '}made`, async () => {
      const client = await start(only({ method: 'compute.disks.insert', call: 2, fault }));
      await client.make('POST', `${zone}/disks`, { name: 'd0' });
      expect((await client.send('POST', `${zone}/disks`, { name: 'd1' })).status).to.equal(status);
      emulator?.state.advance(60_000);
      expect(await exists(client)).to.equal(made);
      expect(emulator?.state.cloud.faults.met).to.deep.equal([{ method: 'compute.disks.insert', call: 2, fault }]);
    });
  }

  for (const [fault, made] of [['lose', true], ['cut', false]] as const) {
    it(`${fault}: cuts the connection, and the disk is ${made ? '' : 'not '}made`, async () => {
      const client = await start(only({ method: 'compute.disks.*', call: 1, fault }));
      const failed = await client.send('POST', `${zone}/disks`, { name: 'd1' }).catch((error: unknown) => error);
      expect(failed).to.be.instanceOf(TypeError);
      emulator?.state.advance(60_000);
      expect(await exists(client)).to.equal(made);
    });
  }

  it('operation-fails: is accepted, ends in an error, and nothing is made', async () => {
    const client = await start(only({ method: 'compute.disks.insert', fault: 'operation-fails' }));
    const operation = await client.done('POST', `${zone}/disks`, { name: 'd1' });
    expect(operation).to.include({ status: 'DONE', httpErrorStatusCode: 503 });
    expect(operation.error.errors[0].code).to.equal('INTERNAL_ERROR');
    expect(await exists(client)).to.equal(false);
  });

  it('operation-hangs: never ends, and leaves the disk half made', async () => {
    const client = await start(only({ method: 'compute.disks.insert', fault: 'operation-hangs' }));
    const operation = await client.done('POST', `${zone}/disks`, { name: 'd1' });
    emulator?.state.advance(3_600_000);
    expect((await client.get(`${zone}/operations/${operation.name}`)).status).to.equal('RUNNING');
    expect((await client.get(`${zone}/disks/d1`)).status).to.equal('CREATING');
  });

  it('operation-hangs-after: never ends, and everything is done', async () => {
    const client = await start(only({ method: 'compute.disks.insert', fault: 'operation-hangs-after' }));
    expect((await client.done('POST', `${zone}/disks`, { name: 'd1' })).status).to.equal('RUNNING');
    expect((await client.get(`${zone}/disks/d1`)).status).to.equal('READY');
  });

  it('waits for an operation, two minutes at most', async () => {
    const client = await start({ faults: [{ method: 'compute.disks.insert', call: 2, fault: 'operation-hangs' }] });
    const [first, second] = [(await client.send('POST', `${zone}/disks`, { name: 'd1' })).body, (await client.send('POST', `${zone}/disks`, { name: 'd2' })).body];
    const waits = [first, second].map(({ name }) => client.send('POST', `${zone}/operations/${name}/wait`));
    let ended = 0;
    for (const wait of waits) void wait.then(() => ended++);
    while ((emulator?.state.cloud.calls.get('compute.zoneOperations.wait') ?? 0) < 2) await new Promise(setImmediate);
    emulator?.state.advance(119_000);
    expect((await waits[0])?.body.status).to.equal('DONE');
    for (let round = 0; round < 3; round++) await client.get(zone);
    expect(ended, 'the one that hangs waits on').to.equal(1);
    emulator?.state.advance(2_000);
    expect((await waits[1])?.body.status).to.equal('RUNNING');
  });

  it('replays the same faults for the same seed, whatever the order of methods', () => {
    const plan: FaultPlan = { random: { share: 0.3, faults: ['before', 'after', 'lose'], methods: ['compute.disks.*', 'compute.routes.*'] } };
    const met = (seed: number, order: readonly string[]) => {
      const faults = new Faults(new Seeded(seed), plan);
      for (const method of order) faults.next(method);
      return faults.met.toSorted((left, right) => left.method.localeCompare(right.method) || left.call - right.call);
    };
    const disks = Array.from({ length: 50 }, () => 'compute.disks.insert');
    const routes = Array.from({ length: 50 }, () => 'compute.routes.insert');
    const one = met(7, [...disks, ...routes]);
    expect(one.length).to.be.within(15, 45);
    expect(met(7, [...routes, ...disks])).to.deep.equal(one);
    expect(met(8, [...disks, ...routes])).not.to.deep.equal(one);
    expect(met(7, ['compute.zones.get'])).to.deep.equal([]);
  });

  it('reads a plan, and says what is none', () => {
    expect(readFaultPlan({ faults: [{ method: 'compute.disks.insert', call: 1, fault: 'lose' }] }).faults).to.have.length(1);
    for (const [plan, part] of [[7, 'is an object'], [{ fault: [] }, 'has no "fault"'], [{ faults: [{ fault: 'lose' }] }, '"method"'], [{ faults: [{ method: 'm', fault: 'melt' }] }, '"melt"'], [{ faults: [{ method: 'm', call: 0, fault: 'lose' }] }, 'counts from 1'], [{ random: { share: 2 } }, '0 to 1']] as const) expect(() => readFaultPlan(plan), part).to.throw(part);
  });

  it('gives the same ids and delays for the same seed', async () => {
    const run = async () => {
      const client = await start({});
      const { body } = await client.send('POST', `${zone}/disks`, { name: 'd1' });
      let delay = 0;
      while ((await client.get(`${zone}/operations/${body.name}`)).status !== 'DONE') {
        emulator?.state.advance(1);
        delay++;
      }
      await emulator?.stop();
      return [body.id, body.targetId, delay];
    };
    expect(await run()).to.deep.equal(await run());
  });
});
