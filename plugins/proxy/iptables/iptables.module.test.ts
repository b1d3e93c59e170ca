import { expect } from 'chai';
import { Container } from 'inversify';
import { Clock, systemClock } from '#core/kernel/clock.ts';
import { Logger, silentLogger } from '#core/kernel/logger.ts';
import { ServiceProxy } from '#core/spi/service-proxy.ts';
import type { RunCommand } from './commands.ts';
import { iptablesAbilities } from './abilities.ts';
import { IptablesProxy } from './iptables-proxy.ts';
import { keelsonModule } from './iptables.module.ts';

const works: RunCommand = async () => ({ exitCode: 0, output: 'v1.8.9', complaint: '' });
const fails: RunCommand = async (program) => ({ exitCode: 3, output: '', complaint: `${program}: cannot` });

describe('the iptables proxy\'s module', () => {
  it('binds one proxy for all', () => {
    const container = new Container();
    container.bind(Logger).toConstantValue(silentLogger);
    container.bind(Clock).toConstantValue(systemClock);
    container.load(keelsonModule.create({ stateDir: '/nowhere', nodeName: 'n' }));
    expect(container.get(ServiceProxy)).to.be.instanceOf(IptablesProxy).and.equal(container.get(ServiceProxy));
  });

  it('refuses a mark that is not one bit', () => {
    expect(() => new IptablesProxy({ logger: silentLogger, masqueradeMark: 0x4001 })).to.throw(RangeError, 'masqueradeMark');
    expect(() => new IptablesProxy({ logger: silentLogger, lockSeconds: 0 })).to.throw(RangeError, 'lockSeconds');
  });

  it('tells what a machine lacks, and how to get it', async () => {
    const available = async (platform: string, isRoot: boolean, run: RunCommand) => (await iptablesAbilities({ platform, isRoot, run })).map((ability) => [ability.available, ability.remedy]);
    expect(await available('linux', true, works)).to.eql([[true, undefined], [true, undefined]]);
    expect(await available('linux', false, works)).to.eql([[false, undefined], [false, undefined]]);
    expect(await available('darwin', true, works)).to.eql([[false, undefined], [false, undefined]]);
    const command = 'apt-get install -y iptables conntrack';
    expect(await available('linux', true, fails)).to.eql([[false, command], [false, command]]);
  });
});
