import { expect } from 'chai';
import type { PodAffinityTerm } from '#core/api/schema/core-v1/affinity.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { SchedulingLab } from '#test/fixtures/scheduling-lab.ts';

const plugin = 'InterPodAffinity';
const zone = 'topology.kubernetes.io/zone';
const host = 'kubernetes.io/hostname';
const noCompany = "node(s) didn't match pod affinity rules";
const unwantedCompany = "node(s) didn't match pod anti-affinity rules";
const unwantedThere = "node(s) didn't satisfy existing pods anti-affinity rules";

type Spec = Draft<Pod>['spec'];
const app = (name: string, more: Partial<PodAffinityTerm> = {}): PodAffinityTerm => ({ topologyKey: zone, labelSelector: { matchLabels: { app: name } }, ...more });
const near = (...terms: PodAffinityTerm[]): Spec => ({ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } } });
const apart = (...terms: PodAffinityTerm[]): Spec => ({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } } });
const labelled = (name: string, namespace = 'default', more = {}) => ({ namespace, labels: { app: name, ...more } });

/** a1 and a2 are in zone a, b1 is in zone b, and `nowhere` is in none. */
function world(): SchedulingLab {
  const lab = new SchedulingLab();
  for (const [name, place] of [['a1', 'a'], ['a2', 'a'], ['b1', 'b']] as const) lab.node(name, {}, { [zone]: place });
  lab.node('nowhere');
  return lab;
}

describe('InterPodAffinity', () => {
  it('is not asked where nobody cares', () => {
    const lab = world();
    lab.placed('a1', 'there', {}, {}, labelled('db'));
    expect(lab.filters.find(({ name }) => name === plugin)?.filter(lab.pod('p'))).to.equal(undefined);
  });

  describe('affinity', () => {
    const cases: readonly [string, PodAffinityTerm[], readonly string[]][] = [
      ['the whole zone will do', [app('db')], ['a1', 'a2']],
      ['the node itself', [app('db', { topologyKey: host })], ['a1']],
      ['nobody there', [app('cache')], []],
      ['a namespace in which nobody is', [app('db', { namespaces: ['other'] })], []],
      ['a namespace by its name', [app('web', { namespaces: ['other'] })], ['b1']],
      ['namespaces by their labels', [app('web', { namespaceSelector: { matchLabels: { team: 'x' } } })], ['b1']],
      ['labels of namespaces that none has', [app('web', { namespaceSelector: { matchLabels: { team: 'y' } } })], []],
      ['an empty selector of namespaces means all', [app('web', { namespaceSelector: {} })], ['b1']],
      ['an empty selector of pods means all, of the namespace', [app('', { labelSelector: {} })], ['a1', 'a2']],
      ['no selector of pods means none', [{ topologyKey: zone }], []],
      ['a label that no node has', [app('db', { topologyKey: 'rack' })], []],
      ['one pod must meet all terms', [app('db'), app('web', { namespaceSelector: {} })], []],
      ['several terms, several places', [app('db'), app('db', { topologyKey: host })], ['a1']],
      ['an expression', [{ topologyKey: zone, labelSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] } }], ['a1', 'a2']],
      ['an operator that nobody knows', [{ topologyKey: zone, labelSelector: { matchExpressions: [{ key: 'app', operator: 'Near', values: ['db'] }] } }], []],
    ];
    for (const [title, terms, nodes] of cases) {
      it(title, () => {
        const lab = world();
        lab.namespace('other', { team: 'x' });
        lab.placed('a1', 'db', {}, {}, labelled('db'));
        lab.placed('b1', 'web', {}, {}, labelled('web', 'other'));
        expect(lab.passing(plugin, lab.pod('p', {}, near(...terms)))).to.deep.equal(nodes);
      });
    }

    it('lets the first of those that want to be together go anywhere where the label is', () => {
      const lab = world();
      const first = lab.pod('p', {}, near(app('me')), labelled('me'));
      expect(lab.passing(plugin, first)).to.deep.equal(['a1', 'a2', 'b1']);
      expect(lab.reasons(plugin, first, 'nowhere')).to.deep.equal([noCompany]);
      lab.placed('b1', 'p1', {}, near(app('me')), labelled('me'));
      expect(lab.passing(plugin, lab.pod('q', {}, near(app('me')), labelled('me'))), 'the second joins it').to.deep.equal(['b1']);
      expect(lab.passing(plugin, lab.pod('r', {}, near(app('you')), labelled('me'))), 'who does not mean itself waits').to.deep.equal([]);
    });

    it('of two terms counts the first pod only if nobody meets both', () => {
      const lab = world();
      const terms = near(app('me'), { topologyKey: host, labelSelector: { matchLabels: { tier: 'gold' } } });
      const me = { namespace: 'default', labels: { app: 'me', tier: 'gold' } };
      lab.placed('a1', 'half', {}, {}, labelled('me'));
      expect(lab.passing(plugin, lab.pod('p', {}, terms, me))).to.deep.equal(['a1', 'a2', 'b1']);
      lab.placed('a2', 'both', {}, {}, me);
      expect(lab.passing(plugin, lab.pod('q', {}, terms, me))).to.deep.equal(['a2']);
    });

    it('follows pods that come, go and change their labels, nodes that move, and namespaces', () => {
      const lab = world();
      const waiting = () => lab.passing(plugin, lab.pod('p', {}, near(app('db', { namespaceSelector: { matchLabels: { team: 'x' } } }))));
      lab.namespace('default', { team: 'x' });
      expect(waiting()).to.deep.equal([]);
      const db = lab.placed('a1', 'db', {}, {}, labelled('db'));
      expect(waiting()).to.deep.equal(['a1', 'a2']);
      lab.node('a1', {}, { [zone]: 'b' });
      expect(waiting(), 'its node is in another zone now').to.deep.equal(['a1', 'b1']);
      lab.namespace('default', { team: 'y' });
      expect(waiting()).to.deep.equal([]);
      lab.namespace('default', { team: 'x' });
      lab.cluster.removeNode('a1');
      expect(waiting()).to.deep.equal([]);
      lab.node('a1', {}, { [zone]: 'a' });
      expect(waiting(), 'the node is back, and the pod on it').to.deep.equal(['a1', 'a2']);
      lab.cluster.removePod(db.uid);
      expect(waiting()).to.deep.equal([]);
    });
  });

  describe('anti-affinity', () => {
    it('keeps a pod out of places where others are, and nowhere else', () => {
      const lab = world();
      lab.placed('a1', 'db', {}, {}, labelled('db'));
      const [byZone, byHost] = [lab.pod('p', {}, apart(app('db'))), lab.pod('q', {}, apart(app('db', { topologyKey: host })))];
      expect([lab.passing(plugin, byZone), lab.passing(plugin, byHost)]).to.deep.equal([['b1', 'nowhere'], ['a2', 'b1', 'nowhere']]);
      expect(lab.reasons(plugin, byZone, 'a2')).to.deep.equal([unwantedCompany]);
    });

    it('works both ways: those that are there may mind', () => {
      const lab = world();
      lab.placed('a1', 'db', {}, apart(app('web', { topologyKey: host })), labelled('db'));
      const [web, other, elsewhere] = [labelled('web'), labelled('cache'), labelled('web', 'other')].map((metadata) => lab.pod('p', {}, {}, metadata));
      expect([web, other, elsewhere].map((pod) => lab.passing(plugin, pod!))).to.deep.equal([['a2', 'b1', 'nowhere'], ['a1', 'a2', 'b1', 'nowhere'], ['a1', 'a2', 'b1', 'nowhere']]);
      expect(lab.reasons(plugin, web!, 'a1')).to.deep.equal([unwantedThere]);
    });

    it('minds each of several terms by itself', () => {
      const lab = world();
      lab.placed('a1', 'db', {}, {}, labelled('db'));
      lab.placed('b1', 'web', {}, {}, labelled('web'));
      expect(lab.passing(plugin, lab.pod('p', {}, apart(app('db', { topologyKey: host }), app('web'))))).to.deep.equal(['a2', 'nowhere']);
    });

    it('means the same or other values than its own by label keys', () => {
      const lab = world();
      lab.placed('a1', 'v1', {}, {}, labelled('web', 'default', { version: '1' }));
      const version2 = labelled('web', 'default', { version: '2' });
      expect(lab.passing(plugin, lab.pod('p', {}, apart(app('web', { matchLabelKeys: ['version'] })), version2)), 'apart from its own version').to.deep.equal(['a1', 'a2', 'b1', 'nowhere']);
      expect(lab.passing(plugin, lab.pod('p', {}, apart(app('web', { mismatchLabelKeys: ['version'] })), version2)), 'apart from other versions').to.deep.equal(['b1', 'nowhere']);
      expect(lab.passing(plugin, lab.pod('p', {}, near(app('web', { matchLabelKeys: ['missing'] })), version2)), 'a label that it does not have').to.deep.equal(['a1', 'a2']);
    });

    it('forgets those that went', () => {
      const lab = world();
      const db = lab.placed('a1', 'db', {}, apart(app('web')), labelled('db'));
      lab.cluster.removePod(db.uid);
      expect(lab.passing(plugin, lab.pod('p', {}, {}, labelled('web')))).to.deep.equal(['a1', 'a2', 'b1', 'nowhere']);
    });
  });

  it('knows pods that are only tried out, and forgets them', () => {
    const lab = world();
    const waiting = lab.pod('p', {}, { affinity: { ...near(app('db'))?.affinity, ...apart(app('noisy', { topologyKey: host }))?.affinity } }, labelled('web'));
    lab.placed('b1', 'unrelated', {}, apart(app('web', { topologyKey: host })), labelled('grumpy'));
    const filter = lab.filter(plugin, waiting);
    const a1 = lab.cluster.node('a1')!;
    const reasons = () => filter.check(a1)?.reasons;
    const [db, noisy, grumpy] = [lab.pod('db', {}, {}, labelled('db')), lab.pod('n', {}, {}, labelled('noisy')), lab.pod('g', {}, apart(app('web', { topologyKey: host })), labelled('x'))];
    const seen: unknown[] = [reasons()];
    filter.added?.(db, a1);
    seen.push(reasons());
    for (const pod of [noisy, grumpy]) {
      filter.added?.(pod, a1);
      seen.push(reasons());
      filter.removed?.(pod, a1);
      seen.push(reasons());
    }
    filter.removed?.(db, a1);
    seen.push(reasons());
    expect(seen).to.deep.equal([[noCompany], undefined, [unwantedCompany], undefined, [unwantedThere], undefined, [noCompany]]);
  });

  describe('wishes', () => {
    const wish = (weight: number, term: PodAffinityTerm) => ({ weight, podAffinityTerm: term });
    const likes = (...terms: ReturnType<typeof wish>[]): Spec => ({ affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: terms } } });
    const dislikes = (...terms: ReturnType<typeof wish>[]): Spec => ({ affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: terms } } });

    const cases: readonly [string, Spec, Spec, Record<string, number> | undefined][] = [
      ['the pod likes one', likes(wish(5, app('db'))), {}, { a1: 100, a2: 100, b1: 0, nowhere: 0 }],
      ['the pod dislikes one', dislikes(wish(5, app('db'))), {}, { a1: 0, a2: 0, b1: 100, nowhere: 100 }],
      ['one likes the pod', {}, likes(wish(5, app('web', { topologyKey: host }))), { a1: 100, a2: 0, b1: 0, nowhere: 0 }],
      ['one dislikes the pod', {}, dislikes(wish(5, app('web'))), { a1: 0, a2: 0, b1: 100, nowhere: 100 }],
      ['one that needs company is glad of more', {}, near(app('web')), { a1: 100, a2: 100, b1: 0, nowhere: 0 }],
      ['nobody cares', {}, {}, undefined],
      ['weights are added', likes(wish(1, app('db')), wish(3, app('db', { topologyKey: host }))), {}, { a1: 100, a2: 25, b1: 0, nowhere: 0 }],
    ];
    for (const [title, spec, there, scores] of cases) {
      it(title, () => {
        const lab = world();
        lab.placed('a1', 'db', {}, there, labelled('db'));
        expect(lab.scoresOf(plugin, lab.pod('p', {}, spec, labelled('web')))).to.deep.equal(scores);
      });
    }
  });

  describe('wakes a pod', () => {
    const lab = world();
    const waiting = lab.pod('p', {}, near(app('db')), labelled('web'));
    const shy = lab.pod('q', {}, apart(app('db')), labelled('web'));
    const db = lab.pod('db', {}, {}, labelled('db')).pod;
    const other = lab.pod('other', {}, {}, labelled('other')).pod;
    const grumpy = lab.pod('grumpy', {}, apart(app('web')), labelled('other')).pod;
    const cases: readonly [string, Parameters<typeof lab.wakes>[1], Parameters<typeof lab.wakes>[2], boolean][] = [
      ['whose company comes', waiting, { kind: 'pod/add', object: db }, true],
      ['not when somebody else comes', waiting, { kind: 'pod/add', object: other }, false],
      ['when somebody becomes its company', waiting, { kind: 'pod/labels', object: db, previous: other }, true],
      ['when unwanted company goes', shy, { kind: 'pod/delete', object: db }, true],
      ['not when unwanted company comes', shy, { kind: 'pod/add', object: other }, false],
      ['when one goes that minded it', shy, { kind: 'pod/delete', object: grumpy }, true],
    ];
    for (const [title, pod, event, wakes] of cases) it(title, () => expect(lab.wakes(plugin, pod, event)).to.equal(wakes));
  });
});
