import { expect } from 'chai';
import { Ingress, IngressClass } from '#core/api/schema/networking-v1.ts';
import { admittingApi, type AdmittingApi } from '#test/fixtures/admitting-api.ts';
import { defaultIngressClass } from './default-ingress-class.ts';

describe('DefaultIngressClass', () => {
  let world: AdmittingApi;
  beforeEach(async () => {
    world = await admittingApi(defaultIngressClass);
  });
  afterEach(() => world.stop());

  const createClass = (name: string, mark?: string) => world.client.create(IngressClass, {
    metadata: { name, ...(mark === undefined ? {} : { annotations: { 'ingressclass.kubernetes.io/is-default-class': mark } }) }, spec: { controller: 'example.com/c' },
  });
  const classOf = async (name: string, ingressClassName?: string, annotations: Record<string, string> = {}): Promise<string | undefined> => {
    const spec = { defaultBackend: { service: { name: 'web', port: { number: 80 } } }, ...(ingressClassName === undefined ? {} : { ingressClassName }) };
    return (await world.client.create(Ingress, { metadata: { namespace: 'default', name, annotations }, spec })).spec.ingressClassName;
  };

  it('gives the default class to ingresses that name none', async () => {
    await createClass('other');
    await createClass('not', 'false');
    expect(await classOf('before')).to.equal(undefined);
    await createClass('standard', 'true');
    expect(await classOf('plain')).to.equal('standard');
    expect(await classOf('named', 'other')).to.equal('other');
    expect(await classOf('annotated', undefined, { 'kubernetes.io/ingress.class': 'old' })).to.equal(undefined);
  });

  it('takes the first by name of several that are equally new', async () => {
    await createClass('b', 'true');
    await createClass('a', 'true');
    expect(await classOf('plain')).to.equal('a');
  });
});
