import { haRounds } from '#test/campaign/ha/rounds.ts';
import { etcdServer } from '#test/fixtures/etcd.ts';
import { program, requires } from '#test/fixtures/requires.ts';

/** A slice of `npm run campaign ha`. */
describe('several servers over one etcd', function () {
  this.timeout(180_000);
  before(requires(etcdServer, program('etcdctl', 'etcd-client')));

  it('give consistent answers and complete watches while members and servers fail, and controllers go on elsewhere', async () => {
    const said: string[] = [];
    const seed = Number(process.env['KEELSON_TEST_SEED'] ?? Math.floor(Math.random() * 1e9));
    try {
      await haRounds({ servers: 2, seed, rounds: 1, roundMs: 6000, failovers: 1, say: (text) => said.push(text) });
    } catch (error) {
      throw new Error(`seed ${seed}: ${said.join('; ')}`, { cause: error });
    }
  });
});
