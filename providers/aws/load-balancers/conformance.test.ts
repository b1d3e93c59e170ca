import { awsBalancerLab } from '#test/fixtures/aws-balancer-lab.ts';
import type { AwsLabOptions } from '#test/fixtures/aws-lab.ts';
import { loadBalancersConformance, type LoadBalancersUnderTest } from '#test/conformance/load-balancers.ts';

const underTest = (options: AwsLabOptions) => async (): Promise<LoadBalancersUnderTest> => {
  const lab = await awsBalancerLab(options);
  return {
    balancers: lab.balancers,
    targets: lab.targets,
    ports: [{ name: 'http', protocol: 'TCP', port: 80, nodePort: 30_080 }, { name: 'https', protocol: 'TCP', port: 443, nodePort: 30_443 }],
    things: async (owner) => lab.things(owner),
    restart: async () => lab.restart(),
    cleanup: () => lab.stop(),
  };
};

loadBalancersConformance('AWS', underTest({ delays: 'none' }));
loadBalancersConformance('AWS with its delays and late reads', underTest({ seed: 7 }));
