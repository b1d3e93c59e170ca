import { expect } from 'chai';
import type { LimitRange } from '#core/api/schema/core-v1/limit-range.ts';
import { limitRanges } from './limitranges.ts';
import { created, creationText, header, judgesCreation, row } from './resource.test.ts';

const metadata = { name: 'bounds', namespace: 'ns' };
const ofContainers = { type: 'Container', max: { cpu: '2', memory: '1Gi' }, min: { cpu: '100m' }, default: { cpu: '1' }, defaultRequest: { cpu: '500m' }, maxLimitRequestRatio: { cpu: '4' } };
const limits = (item: object) => ({ metadata, spec: { limits: [item] } });
const at = 'spec.limits[0]';

/** A name that nobody knows is neither a resource nor one of containers. */
const twice = (...findings: string[]): string[] => findings.flatMap((finding) => [finding, finding]);

describe('limitRanges', () => {
  judgesCreation(limitRanges, limits(ofContainers), [
    ['spec.limits', []],
    ['spec.limits[1]', { type: 'Container' }, 'spec.limits[1].type: Duplicate'],
    [`${at}.type`, 'Sandwich', `${at}.type: Invalid`],
    [at, { type: 'example.com/sandwich' }],
    [`${at}.max.gpu`, '1', ...twice(`${at}.max[gpu]: Invalid`, `${at}.default[gpu]: Invalid`, `${at}.defaultRequest[gpu]: Invalid`)],
    [`${at}.min.cpu`, '3', `${at}.min[cpu]: Invalid`, `${at}.defaultRequest[cpu]: Invalid`, `${at}.default[cpu]: Invalid`, `${at}.maxLimitRequestRatio[cpu]: Invalid`],
    [`${at}.default.cpu`, '3', `${at}.default[cpu]: Invalid`],
    [`${at}.defaultRequest.cpu`, '1500m', `${at}.defaultRequest[cpu]: Invalid`],
    [`${at}.maxLimitRequestRatio.cpu`, '500m', `${at}.maxLimitRequestRatio[cpu]: Invalid`],
    [`${at}.maxLimitRequestRatio.cpu`, '21', `${at}.maxLimitRequestRatio[cpu]: Invalid`],
    [at, { type: 'Pod', max: { cpu: '4' } }],
    [at, { type: 'Pod', default: { cpu: '4' } }, `${at}.default: Forbidden`],
    [at, { type: 'PersistentVolumeClaim', max: { storage: '10Gi' } }],
    [at, { type: 'PersistentVolumeClaim' }, `${at}.limits: Required`],
    [at, { type: 'Container', default: { 'hugepages-2Mi': '4Mi' }, defaultRequest: { 'hugepages-2Mi': '2Mi' } }, `${at}.defaultRequest[hugepages-2Mi]: Invalid`],
    [at, { type: 'Container', max: { constructor: '1' }, min: { cpu: '1' } },
      ...twice(`${at}.max[constructor]: Invalid`, `${at}.default[constructor]: Invalid`, `${at}.defaultRequest[constructor]: Invalid`)],
    [at, { type: 'PersistentVolumeClaim', default: { gpu: '1' }, maxLimitRequestRatio: { disk: '1' } },
      `${at}.default[gpu]: Invalid`, `${at}.limits: Required`, `${at}.maxLimitRequestRatio[disk]: Invalid`],
  ]);

  it('lets what is not said of limits follow from the bounds, and of requests from the limits', () => {
    const item = (given: object) => (created(limitRanges, limits(given)) as LimitRange).spec.limits[0];
    expect(item({ type: 'Container', max: { cpu: '2', memory: '1Gi' }, min: { cpu: '1', storage: '1' }, default: { cpu: '1500m' } })).to.deep.include({
      default: { cpu: '1500m', memory: '1Gi' }, defaultRequest: { cpu: '1500m', memory: '1Gi', storage: '1' },
    });
    expect(item({ type: 'Pod', max: { cpu: '2' } })).to.deep.equal({ type: 'Pod', max: { cpu: '2' } });
  });

  it('says what is wrong in the API\'s words', () => {
    expect(creationText(limitRanges, limits({ type: 'Pod', min: { cpu: '2' }, max: { cpu: '1' } })))
      .to.equal('spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1');
    expect(creationText(limitRanges, limits({ type: 'Pod', min: { cpu: '1' }, max: { cpu: '2' }, maxLimitRequestRatio: { cpu: '3' } })))
      .to.equal('spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000');
    const texts: [object, string][] = [
      [{ min: { cpu: '2' }, defaultRequest: { cpu: '1' } }, 'defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1'],
      [{ max: { cpu: '1' }, default: { cpu: '1' }, defaultRequest: { cpu: '2' } },
        'defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than max value 1, spec.limits[0].defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than default limit value 1'],
      [{ min: { cpu: '2' }, default: { cpu: '1' }, defaultRequest: { cpu: '2' } },
        'defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than default limit value 1, spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1'],
      [{ max: { cpu: '1' }, default: { cpu: '2' }, defaultRequest: { cpu: '1' } }, 'default[cpu]: Invalid value: "1": default value 2 is greater than max value 1'],
      [{ max: { gpu: '1' }, default: { cpu: '1' } }, 'max[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified, spec.limits[0].max[gpu]: Invalid value: "gpu": must be a standard resource for containers'],
    ];
    for (const [item, text] of texts) expect(creationText(limitRanges, limits({ type: 'Container', ...item }))).to.contain(`spec.limits[0].${text}`);
    expect(creationText(limitRanges, limits({ type: 'PersistentVolumeClaim', min: { storage: '1' }, max: { storage: '16E' }, maxLimitRequestRatio: { storage: '1500m' } })), 'great amounts').to.equal('[]');
  });

  it('prints what kubectl users know', () => {
    expect(header(limitRanges)).to.equal('NAME | CREATED AT');
    expect(row(limitRanges, { metadata: { ...metadata, creationTimestamp: '2026-01-02T11:00:00Z' } })).to.equal('bounds | 2026-01-02T11:00:00Z');
  });
});
