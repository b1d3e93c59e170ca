import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { balancerClasses, choicesOf, type BalancerChoices } from './annotations.ts';

const choices = (annotations: Readonly<Record<string, string>>, loadBalancerClass?: string): BalancerChoices => choicesOf({ annotations, ...(loadBalancerClass === undefined ? {} : { class: loadBalancerClass }) });
const type = 'networking.gke.io/load-balancer-type';
const formerType = 'cloud.google.com/load-balancer-type';
const globalAccess = 'networking.gke.io/internal-load-balancer-allow-global-access';
const subnet = 'networking.gke.io/internal-load-balancer-subnet';
const tier = 'cloud.google.com/network-tier';

describe('annotations of load balancers of Google Cloud', () => {
  it('make an external one of the premium tier where they say nothing', () => {
    expect(choices({ 'example.com/other': 'x' })).to.deep.equal({ scheme: 'EXTERNAL', allowGlobalAccess: false, subnetwork: undefined, networkTier: 'PREMIUM', warnings: [] });
  });

  for (const [annotations, scheme] of [
    [{ [type]: 'Internal' }, 'INTERNAL'], [{ [formerType]: 'internal' }, 'INTERNAL'], [{ [type]: 'External' }, 'EXTERNAL'], [{ [type]: 'External', [formerType]: 'Internal' }, 'EXTERNAL'],
  ] as const) {
    it(`choose the side: ${JSON.stringify(annotations)}`, () => {
      expect(choices(annotations)).to.deep.include({ scheme, warnings: [] });
    });
  }

  it('yield to the class, and say so', () => {
    for (const name of balancerClasses) expect(choices({}, name)).to.deep.include({ scheme: name.includes('internal') ? 'INTERNAL' : 'EXTERNAL', warnings: [] });
    expect(choices({ [type]: 'Internal' }, 'networking.gke.io/l4-regional-internal').warnings).to.deep.equal([]);
    const contradicted = choices({ [formerType]: 'Internal' }, 'networking.gke.io/l4-regional-external');
    expect(contradicted).to.deep.include({ scheme: 'EXTERNAL', warnings: [`annotation ${formerType} is not heeded: spec.loadBalancerClass is networking.gke.io/l4-regional-external`] });
  });

  it('say where clients come from and addresses are of', () => {
    expect(choices({ [type]: 'Internal', [globalAccess]: 'true', [subnet]: 'balancers' })).to.deep.include({ allowGlobalAccess: true, subnetwork: 'balancers', warnings: [] });
    expect(choices({ [globalAccess]: 'true', [subnet]: 'balancers' })).to.deep.include({
      allowGlobalAccess: false, subnetwork: undefined, warnings: [`annotation ${globalAccess} is for internal load balancers only`, `annotation ${subnet} is for internal load balancers only`],
    });
    expect(choices({ [tier]: 'Standard' })).to.deep.include({ networkTier: 'STANDARD', warnings: [] });
    expect(choices({ [type]: 'Internal', [tier]: 'Standard' })).to.deep.include({ networkTier: 'PREMIUM', warnings: [`annotation ${tier} is for external load balancers only`] });
  });

  it('are answered where they change nothing', () => {
    expect(choices({ 'cloud.google.com/l4-rbs': 'enabled', 'alpha.cloud.google.com/load-balancer-backend-share': 'false' }).warnings).to.deep.equal([]);
    expect(choices({ 'alpha.cloud.google.com/load-balancer-backend-share': 'true', 'networking.gke.io/target-pool': 'a1', 'cloud.google.com/neg': '{}', 'networking.gke.io/weighted-load-balancing': 'pods-per-node' }).warnings).to.deep.equal([
      'annotation alpha.cloud.google.com/load-balancer-backend-share is not supported: each load balancer has a backend service of its own',
      'annotation networking.gke.io/target-pool is what another implementation reported: it is not read',
      'annotation cloud.google.com/neg is not known',
      'annotation networking.gke.io/weighted-load-balancing is not known',
    ]);
    expect(choices({ 'notcloud.google.com/neg': '{}', 'networking.gke.io': 'x' }).warnings).to.deep.equal([]);
  });

  for (const [name, value] of [
    [type, 'intern'], [type, ''], [formerType, 'toString'], [globalAccess, 'yes'], [subnet, 'projects/p/regions/r/subnetworks/s'], [subnet, 'Balancers'], [tier, 'PREMIUM'], ['cloud.google.com/l4-rbs', 'true'],
    ['cloud.google.com/load-balancer-backend-share', '1'],
  ] as const) {
    it(`are refused with a wrong value: ${name}: ${JSON.stringify(value)}`, () => {
      // The value of an annotation that only internal ones have is wrong everywhere.
      for (const annotations of [{ [name]: value }, { [type]: 'Internal', [name]: value }, { [name]: value, ['__proto__']: 'x' }]) {
        const error: unknown = (() => {
          try {
            return choices(annotations);
          } catch (caught) {
            return caught;
          }
        })();
        expect(ProviderError.is(error, 'Invalid'), JSON.stringify(error)).to.equal(true);
        expect((error as Error).message).to.contain(name).and.to.contain(JSON.stringify(value));
      }
    });
  }
});
