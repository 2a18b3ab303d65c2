/** For each partition but `aws`: its Regions, and what ends the names of its hosts without and with dual stack. */
export type Suffixes = readonly (readonly [regions: RegExp, usual: string, dualStack: string])[];

/** Answers that are not made of prefix and Region. In the URL, `*` stands for the Region. */
export type SpecialEndpoints = readonly (readonly [
  regions: RegExp,
  fips: boolean,
  dualStack: boolean,
  url: string,
  properties: ResolvedEndpoint['properties'],
])[];

/** What a client asks its endpoint rules; each rule set knows some of these. */
export interface EndpointParameters {
  readonly Region?: string;
  readonly Endpoint?: string;
  readonly UseFIPS?: boolean;
  readonly UseDualStack?: boolean;
  readonly UseGlobalEndpoint?: boolean;
  readonly EndpointId?: string;
  readonly IsSearchOperation?: boolean;
  readonly AccountIdEndpointMode?: string;
}

/** As the SDK's own resolvers give it. */
export interface ResolvedEndpoint {
  readonly url: URL;
  readonly properties: Readonly<Record<string, unknown>>;
  headers: Record<string, string[]>;
}

type Resolver = (parameters: EndpointParameters) => ResolvedEndpoint;

/**
 * Runs in the bundles in place of a client's endpoint rules, with their messages. `plainFips` are the Regions whose
 * FIPS host is the usual one; a Region that this SDK does not know yet is taken for none of them. DynamoDB's hosts by
 * account are another way to the same tables, and not taken.
 */
export function smallResolver(
  suffixes: Suffixes,
  prefix: string,
  plainFips: readonly string[],
  special: SpecialEndpoints,
): Resolver {
  return (parameters) => {
    refuseSpecial(parameters);
    const { Region = '', Endpoint, UseFIPS = false, UseDualStack = false } = parameters;
    if (Endpoint) return at(customUrl(Endpoint, parameters));
    if (!Region) throw new Error('Invalid Configuration: Missing Region');
    const known = special.find(
      ([regions, fips, dual]) => fips === UseFIPS && dual === UseDualStack && regions.test(Region),
    );
    if (known) return at(known[3].replace('*', Region), known[4]);
    const isFips = UseFIPS && !plainFips.includes(Region + (UseDualStack ? '+' : ''));
    return at(
      `https://${prefix}${isFips ? '-fips' : ''}.${Region}.${suffixOf(Region, UseDualStack, suffixes)}`,
    );
  };
}

function suffixOf(region: string, dualStack: boolean, suffixes: Suffixes): string {
  const [, usual, dual] = suffixes.find(([regions]) => regions.test(region)) ?? AWS;
  return dualStack ? dual : usual;
}

// Also what the SDK takes for a Region that no partition knows.
const AWS = [undefined, 'amazonaws.com', 'api.aws'] as const;

function at(url: string, properties: ResolvedEndpoint['properties'] = {}): ResolvedEndpoint {
  return { url: new URL(url), properties, headers: {} };
}

function customUrl(endpoint: string, { UseFIPS, UseDualStack }: EndpointParameters): string {
  const refused = UseFIPS ? 'FIPS' : UseDualStack && 'Dualstack';
  if (refused) throw new Error(`Invalid Configuration: ${refused} and custom endpoint are not supported`);
  return endpoint;
}

function refuseSpecial(parameters: EndpointParameters): void {
  const { AccountIdEndpointMode, EndpointId, IsSearchOperation, UseGlobalEndpoint } = parameters;
  const special = EndpointId
    ? `EndpointId ${EndpointId}`
    : IsSearchOperation
      ? 'search operations'
      : AccountIdEndpointMode === 'required'
        ? 'AWS_ACCOUNT_ID_ENDPOINT_MODE=required'
        : UseGlobalEndpoint && 'the global endpoint';
  if (special) throw new Error(`${special}: its endpoint is left out of the bundles, see build/endpoints.ts`);
}
