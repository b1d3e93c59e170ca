import { RepeatedCalls } from '#core/platform-calls/repeated-calls.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { LoadBalancers, LoadBalancerSurvey } from '#core/spi/load-balancers.ts';
import { plainCalls } from '#core/spi/platform-calls.ts';
import { loadBalancersConformance, type LoadBalancersUnderTest } from '#test/conformance/load-balancers.ts';
import { awsBalancerLab } from '#test/fixtures/aws-balancer-lab.ts';
import type { AwsLabOptions } from '#test/fixtures/aws-lab.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import type { NetworkLoadBalancers } from './load-balancers.ts';

/** Repeats as its caller does, when nothing was decided or the answer was lost. */
function insistent(balancers: NetworkLoadBalancers): LoadBalancers & LoadBalancerSurvey {
  const repeated = async <T>(call: () => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        if (!ProviderError.is(error, 'Unavailable', 'Unknown', 'Throttled') || attempt === 30) throw error;
      }
    }
  };
  return {
    provider: balancers.provider, classes: balancers.classes,
    ensure: (request, signal) => repeated(() => balancers.ensure(request, signal)),
    updateTargets: (request, signal) => repeated(() => balancers.updateTargets(request, signal)),
    delete: (owner, signal) => repeated(() => balancers.delete(owner, signal)),
    owners: (signal) => repeated(() => balancers.owners(signal)),
  };
}

const underTest = (options: AwsLabOptions, faultRate = 0) => async (): Promise<LoadBalancersUnderTest> => {
  const lab = await awsBalancerLab(options);
  lab.emulator.state.setFaults({ rate: faultRate });
  const random = seededRandom(options.seed ?? 1);
  const restart = (): LoadBalancers & LoadBalancerSurvey => insistent(lab.restart({ calls: new RepeatedCalls(plainCalls, lab.clock, random) }));
  return {
    balancers: restart(),
    targets: lab.targets,
    ports: [{ name: 'http', protocol: 'TCP', port: 80, nodePort: 30_080 }, { name: 'https', protocol: 'TCP', port: 443, nodePort: 30_443 }],
    things: async (owner) => lab.things(owner),
    restart: async () => restart(),
    cleanup: () => lab.stop(),
  };
};

loadBalancersConformance('AWS', underTest({ delays: 'none' }));
loadBalancersConformance('AWS with its delays and late reads', underTest({ seed: 7 }));
loadBalancersConformance('AWS when one call of eight fails, or its answer is lost', underTest({ seed: 11 }, 0.125));
