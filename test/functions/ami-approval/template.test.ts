import { beforeAll, describe, expect, it } from 'vitest';
import { findPython } from '../../../local/python/find.ts';
import { deploy, readTemplates } from '../../../local/stack/deploy.ts';
import { ROOT } from '../../support/template.ts';

const names = {
  region: 'eu-west-1',
  accountId: '123456789012',
  endpoint: 'http://localhost',
  httpUrl: 'https://abc.execute-api.eu-west-1.amazonaws.com',
  stackName: 'groundcrew-ami-approval',
};

describe('the page of the stack', () => {
  let templates: Awaited<ReturnType<typeof readTemplates>>;
  beforeAll(async () => {
    const python = await findPython(() => {});
    templates = await readTemplates(python, `${ROOT}/functions/ami-approval/template.yaml`);
  }, 60_000);

  function stackWith(parameters: Readonly<Record<string, string>>) {
    const [stack] = deploy(templates, { parameters, nested: {} }, names);
    return stack;
  }

  function linkBase(parameters: Readonly<Record<string, string>>): unknown {
    const { Environment } = stackWith(parameters).find('RequestApproval').properties as {
      Environment: { Variables: Record<string, unknown> };
    };
    return Environment.Variables['LINK_BASE'];
  }

  it('has the address of AWS, or a domain of API Gateway with or without a path', () => {
    expect(linkBase({})).toBe(names.httpUrl);
    expect(stackWith({}).ofType('AWS::ApiGatewayV2::ApiMapping')).toEqual([]);
    expect(linkBase({ PageDomain: 'ami.example.com' })).toBe('https://ami.example.com');
    expect(linkBase({ PageDomain: 'ops.example.com/ami' })).toBe('https://ops.example.com/ami');
    const [plain, withPath] = ['ami.example.com', 'ops.example.com/ami'].map(
      (PageDomain) => stackWith({ PageDomain }).find('ApprovalPagesDomain').properties,
    );
    expect(plain).toMatchObject({ DomainName: 'ami.example.com' });
    expect(plain).not.toHaveProperty('ApiMappingKey');
    expect(withPath).toMatchObject({ DomainName: 'ops.example.com', ApiMappingKey: 'ami' });
  });

  it.each([
    'https://ami.example.com',
    'ami.example.com/',
    'ami.example.com/a/b',
    'AMI.example.com',
    'localhost',
  ])('does not take %s as a domain', (PageDomain) => {
    expect(() => stackWith({ PageDomain })).toThrow('PageDomain');
  });

  it('demands an audience with an issuer', () => {
    const SignInIssuer = 'https://sign-in.example.com';
    expect(() => stackWith({ SignInIssuer })).toThrow('SignInAudience must be set');
    expect(() => stackWith({ SignInIssuer, SignInAudience: 'groundcrew' })).not.toThrow();
  });
});
